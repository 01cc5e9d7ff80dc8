#include "io/token_store.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "core/file.hpp"
#include "core/outcome.hpp"
#include "core/philox.hpp"
#include "io/store/hdf5_file.hpp"
#include "io/token_store_writer.hpp"
#include "mpi/group.hpp"
#include "support/temporary_folder.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

struct Sample {
  StoreCard card;
  std::vector<std::int64_t> documents{70000, 9, 1};
  bool pairs = false, ids = false, regression = false;

  std::vector<std::int32_t> tokens(std::size_t split, std::int64_t document) const {
    const auto word = philox(philox_key(split), {std::uint32_t(document), 0, 0, 0});
    std::vector<std::int32_t> ids_of(word[0] % 64);
    for (std::size_t i = 0; i < ids_of.size(); ++i)
      ids_of[i] = std::int32_t((word[1] + i * 7919) % std::uint64_t(card.vocab_size));
    return ids_of;
  }
};

Sample make_sample(std::int64_t vocab_size) {
  Sample sample;
  sample.card.vocab_size = vocab_size;
  sample.card.recipe = {{"format", "test"}};
  sample.card.cleaning = {{"files", {"a.jsonl", "b.jsonl"}}};
  sample.card.label_names = {"no", "yes", "maybe"};
  const char* names[] = {"train", "eval", "test"};
  for (std::size_t s = 0; s < 3; ++s) {
    StoreCard::Split& split = sample.card.splits.emplace_back();
    split.name = names[s];
    split.documents = sample.documents[s];
    for (std::int64_t d = 0; d < split.documents; ++d)
      split.tokens += std::int64_t(sample.tokens(s, d).size());
  }
  return sample;
}

// The documents of one rank: cut at places that differ from split to split, some of them empty.
std::vector<SplitColumns> columns_of(const Sample& sample, const Group& world) {
  std::vector<SplitColumns> all;
  for (std::size_t s = 0; s < 3; ++s) {
    SplitColumns& c = all.emplace_back();
    const std::int64_t n = sample.documents[s];
    const std::int64_t begin = n * world.rank() * world.rank() / world.size() / world.size();
    const std::int64_t end =
        n * (world.rank() + 1) * (world.rank() + 1) / world.size() / world.size();
    for (std::int64_t d = begin; d < end; ++d) {
      const std::vector<std::int32_t> ids = sample.tokens(s, d);
      c.tokens.insert(c.tokens.end(), ids.begin(), ids.end());
      c.lengths.push_back(std::uint32_t(ids.size()));
      if (sample.pairs)
        for (std::size_t i = 0; i < ids.size(); ++i) c.types.push_back(std::uint8_t(i % 2));
      if (sample.regression)
        c.values.push_back(double(d) / 3);
      else
        c.labels.push_back(std::int32_t(d % 3));
      c.files.push_back(std::uint32_t(d % 2));
      c.lines.push_back(std::uint64_t(d + 1));
      const std::string id = "row-" + std::to_string(d);
      if (sample.ids) c.ids += id;
      if (sample.ids) c.id_lengths.push_back(std::uint32_t(id.size()));
    }
  }
  return all;
}

// Every rank the same folder.
class Stores : public testing::Test {
 protected:
  fs::path shared(const std::string& name) {
    return fs::path(world_.broadcast_text(folder_.path().string(), 0)) / name;
  }
  fs::path write(const Group& group, const Sample& sample, const std::string& name) {
    const fs::path path = shared(name);
    write_token_store(group, path, sample.card, columns_of(sample, group));
    return path;
  }
  void TearDown() override { world_.barrier(); }
  Group world_ = Group::world();
  TemporaryFolder folder_;
};

std::string failure_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const WorldFailure& failure) {
    EXPECT_EQ(failure.outcome(), Outcome::io_error);
    return failure.what();
  }
  return "";
}

void flip_bit(const fs::path& path, std::int64_t byte) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(byte);
  const char value = char(file.get() ^ 0x10);
  file.seekp(byte);
  file.put(value);
}

StoredArray array_named(const fs::path& path, const std::string& name) {
  for (const StoredArray& array : read_hdf5_contents(path).arrays)
    if (array.name == name) return array;
  return {};
}

}  // namespace

TEST_F(Stores, have_the_same_bytes_for_any_number_of_ranks) {
  for (const std::int64_t vocab : {30522, 70000})
    for (const bool rich : {false, true}) {
      Sample sample = make_sample(vocab);
      sample.pairs = sample.ids = sample.regression = rich;
      if (rich) sample.card.label_names.clear();
      const std::string tag = std::to_string(vocab) + (rich ? "-rich" : "");
      const Group alone = world_.split(world_.rank(), 0);
      if (world_.rank() == 0)
        write(alone, sample, "alone" + tag);
      else
        shared("");
      write(world_, sample, "world" + tag);
      const fs::path one = shared("alone" + tag), many = shared("world" + tag);
      if (world_.rank() == 0) {
        EXPECT_GT(fs::file_size(many), 4 << 20);
        EXPECT_TRUE(read_text_file(one).value() == read_text_file(many).value());
      }
      world_.barrier();
    }
}

TEST_F(Stores, give_back_every_document) {
  for (const bool rich : {false, true}) {
    Sample sample = make_sample(rich ? 70000 : 30522);
    sample.pairs = sample.ids = sample.regression = rich;
    if (rich) sample.card.label_names.clear();
    const TokenStore store(write(world_, sample, rich ? "rich" : "plain"));
    EXPECT_EQ(to_json(store.card()), to_json(sample.card));
    EXPECT_FALSE(store.has_split("other"));
    for (std::size_t s = 0; s < 3; ++s) {
      const StoreSplit& split = store.split(sample.card.splits[s].name);
      ASSERT_EQ(split.documents(), sample.documents[s]);
      for (std::int64_t d = split.documents() - 1; d >= 0; d -= 1 + d / 50) {
        const std::vector<std::int32_t> expected = sample.tokens(s, d);
        ASSERT_EQ(split.length(d), std::int64_t(expected.size()));
        std::vector<std::int32_t> ids(expected.size());
        std::vector<std::uint8_t> types(expected.size(), 9);
        split.read_tokens(d, ids.data(), types.data());
        ASSERT_EQ(ids, expected);
        for (std::size_t i = 0; i < types.size(); ++i) ASSERT_EQ(types[i], rich ? i % 2 : 0);
        if (rich)
          ASSERT_EQ(split.value(d), double(d) / 3);
        else
          ASSERT_EQ(split.label(d), d % 3);
        ASSERT_EQ(split.id(d),
                  rich ? "row-" + std::to_string(d)
                       : std::string(d % 2 ? "b" : "a") + ".jsonl:" + std::to_string(d + 1));
      }
    }
    store.verify();
  }
}

TEST_F(Stores, a_flipped_bit_is_found_and_its_block_is_named) {
  const fs::path path = write(world_, make_sample(30522), "flipped");
  if (world_.rank() != 0) return;
  const StoredArray tokens = array_named(path, "train/tokens");
  ASSERT_GT(tokens.bytes(), 4 << 20);  // two blocks
  flip_bit(path, tokens.address + tokens.bytes() - 3);
  const TokenStore store(path);
  std::vector<std::int32_t> ids(64);
  store.split("train").read_tokens(0, ids.data(), nullptr);  // the first block is whole
  const std::string words = failure_of([&] { store.verify(); });
  EXPECT_NE(words.find(path.string() + ": train/tokens is damaged in block 1 of 2 (CRC-32C"),
            std::string::npos)
      << words;
  EXPECT_NE(failure_of([&] {
              store.split("train").read_tokens(69999, ids.data(), nullptr);
              store.split("train").read_tokens(69998, ids.data(), nullptr);
            }),
            "");
}

TEST_F(Stores, any_damaged_byte_that_matters_is_found) {
  const fs::path path = write(world_, make_sample(30522), "any");
  if (world_.rank() != 0) return;
  for (const StoredArray& array : read_hdf5_contents(path).arrays)
    for (const std::int64_t byte : {std::int64_t{0}, array.bytes() / 2, array.bytes() - 1}) {
      flip_bit(path, array.address + byte);
      EXPECT_NE(failure_of([&] { TokenStore(path).verify(); }), "") << array.name << " " << byte;
      flip_bit(path, array.address + byte);
    }
  for (const std::int64_t byte : {0, 9, 40, 60, 100, 140, 200}) {  // superblock and root
    flip_bit(path, byte);
    try {
      TokenStore(path).verify();
    } catch (const WorldFailure&) {
    }
    flip_bit(path, byte);
  }
  TokenStore(path).verify();
}

TEST_F(Stores, what_is_no_store_is_refused_and_named) {
  const fs::path path = write(world_, make_sample(30522), "short");
  if (world_.rank() != 0) return;
  const std::int64_t size = std::int64_t(fs::file_size(path));
  for (const std::int64_t keep : {size - 1, size / 2, std::int64_t{500}, std::int64_t{0}}) {
    const fs::path cut = folder_ / "cut";
    fs::copy_file(path, cut, fs::copy_options::overwrite_existing);
    fs::resize_file(cut, std::uintmax_t(keep));
    EXPECT_NE(failure_of([&] {
                TokenStore store(cut);
                store.verify();
              }).find("cut"),
              std::string::npos)
        << keep;
  }
  EXPECT_NE(failure_of([&] { TokenStore(folder_ / "absent.h5"); }).find("absent.h5"),
            std::string::npos);
  EXPECT_NE(failure_of([&] { TokenStore(folder_.write("text.h5", "not HDF5")); }).find("text.h5"),
            std::string::npos);
  std::vector<StoredArray> arrays{{"x", Element::u8, 10, 0}};
  create_hdf5_file(folder_ / "other.h5", "another/1", arrays);
  EXPECT_NE(failure_of([&] { TokenStore(folder_ / "other.h5"); }).find("another/1"),
            std::string::npos);
}

TEST_F(Stores, a_full_disk_is_one_clear_error_and_leaves_nothing) {
  std::signal(SIGXFSZ, SIG_IGN);
  const Sample sample = make_sample(30522);
  const fs::path path = shared("full");
  // 2 KB: not even the file can be made; 3 MB: room for HDF5's part but not for the tokens.
  for (const rlim_t most : {rlim_t{2000}, rlim_t{3} << 20}) {
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit tight{most, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
    std::string words;
    try {
      write_token_store(world_, path, sample.card, columns_of(sample, world_));
    } catch (const AgreedFailure& failure) {
      EXPECT_EQ(failure.outcome(), Outcome::io_error);
      words = failure.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_NE(words.find("cannot write " + path.string() + ": File too large (the store needs"),
              std::string::npos)
        << words;
    world_.barrier();
    EXPECT_FALSE(fs::exists(path));
    world_.barrier();
  }
  EXPECT_NE(failure_of([&] {
              write_token_store(world_, shared("no/folder/x.h5"), sample.card,
                                columns_of(sample, world_));
            }).find("No such file"),
            std::string::npos);
}

}  // namespace temper
