#include "io/token_store_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <tuple>

#include "core/contract.hpp"
#include "core/digest.hpp"
#include "core/outcome.hpp"
#include "io/store/array_writer.hpp"
#include "mpi/exchange.hpp"

namespace temper {

namespace {

// A rank's half-open share of an array, in elements.
struct Share {
  std::int64_t begin = 0, total = 0;
};

// Where this rank's elements begin, and how many there are over all ranks.
Share share_of(const Group& world, std::int64_t mine) {
  std::vector<std::int64_t> counts(std::size_t(world.size()), 0);
  counts[std::size_t(world.rank())] = mine;
  world.all_gather(counts.data(), 1, Dtype::i64);
  const auto own = counts.begin() + world.rank();
  return {std::accumulate(counts.begin(), own, std::int64_t{0}),
          std::accumulate(counts.begin(), counts.end(), std::int64_t{0})};
}

struct SplitShares {
  Share documents, tokens, id_bytes;
  bool ids = false;
  // Whether any rank has the column.
  bool types = false, labels = false, values = false, marks = false, token_labels = false,
       trained_bytes = false, pieces = false;
};

std::vector<SplitShares> agree_on_shares(const Group& world,
                                         const std::vector<SplitColumns>& mine) {
  std::vector<SplitShares> shares;
  for (const SplitColumns& columns : mine) {
    SplitShares& s = shares.emplace_back();
    s.documents = share_of(world, columns.documents());
    s.tokens = share_of(world, std::int64_t(columns.tokens.size()));
    s.id_bytes = share_of(world, std::int64_t(columns.ids.size()));
    std::int64_t there[] = {!columns.types.empty(),        !columns.labels.empty(),
                            !columns.values.empty(),       !columns.marks.empty(),
                            !columns.token_labels.empty(), !columns.trained_bytes.empty(),
                            !columns.pieces.empty()};
    world.all_reduce_max(there, std::int64_t(std::size(there)), Dtype::i64);
    bool* const flags[] = {&s.types,        &s.labels,        &s.values, &s.marks,
                           &s.token_labels, &s.trained_bytes, &s.pieces};
    for (std::size_t i = 0; i < std::size(there); ++i) *flags[i] = there[i] != 0;
    s.ids = s.id_bytes.total > 0;
  }
  return shares;
}

// The arrays of a store in their order on disk: data, then the tables about them.
std::vector<StoredArray> plan_arrays(const StoreCard& card, const std::vector<SplitShares>& shares,
                                     std::int64_t card_bytes) {
  std::vector<StoredArray> arrays{{"card", Element::u8, card_bytes, 0}};
  const Element token = card.vocab_size <= 65536 ? Element::u16 : Element::u32;
  for (std::size_t s = 0; s < card.splits.size(); ++s) {
    const std::string split = card.splits[s].name + "/";
    const std::int64_t n = shares[s].documents.total;
    expects(n > 0, card.splits[s].name, " has no documents");
    arrays.push_back({split + "tokens", token, shares[s].tokens.total, 0});
    arrays.push_back({split + "offsets", Element::u64, n + 1, 0});
    const auto add = [&](bool there, const char* name, Element element, std::int64_t count) {
      if (there) arrays.push_back({split + name, element, count, 0});
    };
    const std::int64_t tokens = shares[s].tokens.total;
    add(shares[s].types, "types", Element::u8, tokens);
    add(shares[s].values, "values", Element::f64, n);
    add(shares[s].labels, "labels", Element::i32, n);
    add(shares[s].marks, "marks", Element::u8, tokens);
    add(shares[s].token_labels, "token_labels", Element::i32, tokens);
    add(shares[s].trained_bytes, "trained_bytes", Element::u32, n);
    add(shares[s].pieces, "pieces", Element::u32, n);
    add(true, "files", Element::u32, n);
    add(true, "lines", Element::u64, n);
    if (!shares[s].ids) continue;
    arrays.push_back({split + "id_ends", Element::u64, n, 0});
    arrays.push_back({split + "ids", Element::u8, shares[s].id_bytes.total, 0});
  }
  const std::size_t data = arrays.size();
  for (std::size_t a = 0; a < data; ++a)
    arrays.push_back({kStoreCrc + arrays[a].name, Element::u32, block_count(arrays[a]), 0});
  arrays.push_back({kStoreHash, Element::u8, 64, 0});
  return arrays;
}

std::size_t index_of(const std::vector<StoredArray>& arrays, const std::string& name) {
  for (std::size_t a = 0; a < arrays.size(); ++a)
    if (arrays[a].name == name) return a;
  expects(false, "no array ", name);
  return 0;
}

void write_split(ArrayWriter& writer, const std::vector<StoredArray>& arrays,
                 const std::string& split, const SplitShares& s, const SplitColumns& columns,
                 bool last_rank) {
  const auto index = [&](const char* name) { return index_of(arrays, split + "/" + name); };
  const std::int64_t n = columns.documents(), first = s.documents.begin;
  const std::int64_t tokens = std::int64_t(columns.tokens.size());
  const auto as_is = [](const auto& column) {
    return [&column](std::int64_t i) { return column[std::size_t(i)]; };
  };
  if (arrays[index("tokens")].element == Element::u16)
    writer.write_values<std::uint16_t>(index("tokens"), s.tokens.begin, tokens,
                                       as_is(columns.tokens));
  else
    writer.write(index("tokens"), s.tokens.begin, columns.tokens.data(), tokens);
  std::uint64_t at = std::uint64_t(s.tokens.begin);
  writer.write_values<std::uint64_t>(index("offsets"), first, n + last_rank, [&](std::int64_t i) {
    const std::uint64_t begin = at;
    if (i < n) at += columns.lengths[std::size_t(i)];
    return begin;
  });
  const auto write = [&](bool there, const char* name, std::int64_t begin, const auto& column) {
    if (there) writer.write(index(name), begin, column.data(), std::int64_t(column.size()));
  };
  write(s.types, "types", s.tokens.begin, columns.types);
  write(s.values, "values", first, columns.values);
  write(s.labels, "labels", first, columns.labels);
  write(s.marks, "marks", s.tokens.begin, columns.marks);
  write(s.token_labels, "token_labels", s.tokens.begin, columns.token_labels);
  write(s.trained_bytes, "trained_bytes", first, columns.trained_bytes);
  write(s.pieces, "pieces", first, columns.pieces);
  writer.write(index("files"), first, columns.files.data(), n);
  writer.write(index("lines"), first, columns.lines.data(), n);
  if (!s.ids) return;
  std::uint64_t end = std::uint64_t(s.id_bytes.begin);
  writer.write_values<std::uint64_t>(index("id_ends"), first, n, [&](std::int64_t i) {
    return end += columns.id_lengths[std::size_t(i)];
  });
  writer.write(index("ids"), s.id_bytes.begin, columns.ids.data(),
               std::int64_t(columns.ids.size()));
}

// Joins the fragments of all ranks to one CRC for each block of each array, and writes the tables.
void write_tables(FileWriter& file, const std::vector<StoredArray>& arrays,
                  std::vector<Fragment> fragments) {
  std::sort(fragments.begin(), fragments.end(), [](const Fragment& a, const Fragment& b) {
    return std::tie(a.array, a.begin) < std::tie(b.array, b.begin);
  });
  std::map<std::string, std::vector<std::uint32_t>> tables;
  std::size_t next = 0;
  for (std::size_t a = 0; a < arrays.size(); ++a) {
    if (arrays[a].name == kStoreHash || arrays[a].name.starts_with(kStoreCrc)) continue;
    std::vector<std::uint32_t> table(std::size_t(block_count(arrays[a])), 0);
    std::int64_t at = 0;
    for (; next < fragments.size() && fragments[next].array == std::int32_t(a); ++next) {
      const Fragment& f = fragments[next];
      expects(f.begin == at, arrays[a].name, " has a hole at byte ", at);
      std::uint32_t& crc = table[std::size_t(f.begin / kStoreBlockBytes)];
      crc = f.begin % kStoreBlockBytes == 0 ? f.crc
                                            : crc32c_of_both(crc, f.crc, std::uint64_t(f.bytes));
      at += f.bytes;
    }
    expects(at == arrays[a].bytes(), arrays[a].name, " has ", at, " of ", arrays[a].bytes(),
            " bytes");
    tables[arrays[a].name] = std::move(table);
  }
  Sha256 content;
  for (const auto& [name, table] : tables) {
    const StoredArray& stored = arrays[index_of(arrays, kStoreCrc + name)];
    file.write(table.data(), stored.bytes(), stored.address);
    content.update(table.data(), std::size_t(stored.bytes()));
  }
  const std::string hash = content.hex();
  file.write(hash.data(), std::int64_t(hash.size()), arrays[index_of(arrays, kStoreHash)].address);
}

// Rank 0: the empty file. A first file under the same name shows whether there is room at all,
// before HDF5 writes a byte.
std::vector<StoredArray> create_store(const std::filesystem::path& path,
                                      std::vector<StoredArray> arrays) {
  std::int64_t bytes = 4096;
  for (const StoredArray& array : arrays) bytes += array.bytes();
  {
    FileWriter probe(path, bytes);
    probe.open(O_CREAT | O_EXCL);
    try {
      probe.reserve(bytes);
    } catch (...) {
      ::unlink(path.c_str());
      throw;
    }
  }
  ::unlink(path.c_str());
  create_hdf5_file(path, kStoreFormat, arrays);
  FileWriter file(path, bytes);
  file.open(0);
  file.reserve(std::int64_t(std::filesystem::file_size(path)));
  return arrays;
}

std::vector<Fragment> gather_fragments(const Group& world, const std::vector<Fragment>& mine) {
  std::vector<std::string> to(std::size_t(world.size()));
  to[0].assign(reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(Fragment));
  std::vector<Fragment> all;
  for (const std::string& bytes : exchange(world, std::move(to))) {
    const std::size_t count = bytes.size() / sizeof(Fragment);
    all.resize(all.size() + count);
    std::memcpy(all.data() + all.size() - count, bytes.data(), bytes.size());
  }
  return all;
}

void write_agreed(const Group& world, const std::filesystem::path& path, const StoreCard& card,
                  const std::vector<SplitColumns>& mine) {
  constexpr const char* kWhat = "write the token store";
  const std::string card_text = to_json(card).dump();
  const std::vector<SplitShares> shares = agree_on_shares(world, mine);
  std::vector<StoredArray> arrays = plan_arrays(card, shares, std::int64_t(card_text.size()));
  run_agreed(world, kWhat, [&] {
    if (world.rank() == 0) arrays = create_store(path, std::move(arrays));
  });
  std::vector<std::int64_t> addresses;
  for (const StoredArray& array : arrays) addresses.push_back(array.address);
  world.broadcast(addresses.data(), std::int64_t(addresses.size() * sizeof(std::int64_t)), 0);
  std::int64_t total = 0;
  for (std::size_t a = 0; a < arrays.size(); ++a) {
    arrays[a].address = addresses[a];
    total = std::max(total, addresses[a] + arrays[a].bytes());
  }
  FileWriter file(path, total);
  ArrayWriter writer(file, arrays);
  run_agreed(world, kWhat, [&] {
    file.open(0);
    if (world.rank() == 0) writer.write(0, 0, card_text.data(), std::int64_t(card_text.size()));
    for (std::size_t s = 0; s < mine.size(); ++s)
      write_split(writer, arrays, card.splits[s].name, shares[s], mine[s],
                  world.rank() == world.size() - 1);
  });
  const std::vector<Fragment> fragments = gather_fragments(world, writer.fragments());
  run_agreed(world, kWhat, [&] {
    if (world.rank() == 0) write_tables(file, arrays, fragments);
    file.sync();
    file.close();
  });
}

}  // namespace

void write_token_store(const Group& world, const std::filesystem::path& path, const StoreCard& card,
                       const std::vector<SplitColumns>& mine) {
  expects(mine.size() == card.splits.size(), "columns for ", mine.size(), " splits of ",
          card.splits.size());
  try {
    write_agreed(world, path, card, mine);
  } catch (const AgreedFailure&) {
    if (world.rank() == 0) ::unlink(path.c_str());
    throw;
  }
}

}  // namespace temper
