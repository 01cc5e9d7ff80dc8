#include "plan/gguf_header.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_set>

#include "plan/gguf_reader.hpp"

namespace temper {

namespace {

constexpr std::uint64_t kLongestName = 1024, kMostDims = 4, kDefaultAlignment = 32;

std::uint32_t read_magic(GgufReader& reader) {
  char magic[4];
  for (char& letter : magic) letter = reader.scalar<char>("the magic bytes");
  if (std::string_view(magic, 4) != "GGUF") reader.fail("magic bytes", "are not GGUF", "");
  const auto version = reader.scalar<std::uint32_t>("the version");
  if (version == 0x02000000 || version == 0x03000000)
    reader.fail("version", "is written for a big-endian computer", "not supported");
  if (version != 2 && version != 3)
    reader.fail("version", std::to_string(version) + " is not supported", "2 and 3 are");
  return version;
}

// Offset is still from the start of the data.
GgufTensor read_tensor(GgufReader& reader) {
  GgufTensor tensor;
  tensor.name = reader.string("the name of a tensor", kLongestName);
  if (tensor.name.empty()) reader.fail("a tensor", "has no name", "");
  const auto dims = reader.scalar<std::uint32_t>(tensor.name);
  if (dims > kMostDims)
    reader.fail(tensor.name, "has " + std::to_string(dims) + " dims", "GGUF allows four");
  for (std::uint32_t i = 0; i < dims; ++i) {
    const auto size = reader.scalar<std::uint64_t>(tensor.name);
    if (size > std::uint64_t{1} << 48)
      reader.fail(tensor.name, "has a dim of " + std::to_string(size), "no file holds that");
    tensor.shape.insert(tensor.shape.begin(), std::int64_t(size));
  }
  tensor.type = GgmlType(reader.scalar<std::uint32_t>(tensor.name));
  const auto offset = reader.scalar<std::uint64_t>(tensor.name);
  if (offset > std::uint64_t{1} << 62)
    reader.fail(tensor.name, "lies at byte " + std::to_string(offset), "no file is so large");
  tensor.file_offset = std::int64_t(offset);
  const auto layout = ggml_layout(tensor.type);
  if (!layout)
    reader.fail(tensor.name, "has the unknown GGML " + to_string(tensor.type),
                "readable are " + readable_ggml_types());
  std::int64_t elements = 1;
  for (const std::int64_t dim : tensor.shape)
    if (__builtin_mul_overflow(elements, dim, &elements))
      reader.fail(tensor.name, "has more elements than can be counted", "");
  const auto bytes = ggml_bytes(tensor.type, elements);
  const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (!bytes || row % layout->block_elements != 0)
    reader.fail(tensor.name, "has rows of " + std::to_string(row) + " elements",
                to_string(tensor.type) + " blocks hold " + std::to_string(layout->block_elements));
  tensor.bytes = *bytes;
  return tensor;
}

// Places of the tensors, once all are known: aligned, in the file, apart from each other.
void check_places(const GgufHeader& header, std::int64_t alignment, std::int64_t data_bytes,
                  Problems& problems) {
  std::vector<const GgufTensor*> order;
  for (const GgufTensor& tensor : header.tensors) {
    order.push_back(&tensor);
    const std::string where = header.file.string() + ": " + tensor.name;
    if (tensor.file_offset % alignment != 0)
      problems.push_back({where,
                          "lies at byte " + std::to_string(tensor.file_offset) + " of the data",
                          "offsets are multiples of " + std::to_string(alignment), ""});
    if (tensor.bytes > data_bytes || tensor.file_offset > data_bytes - tensor.bytes)
      problems.push_back(
          {where,
           "needs " + std::to_string(tensor.bytes) + " bytes from byte " +
               std::to_string(tensor.file_offset) + " of the data",
           "the file holds " + std::to_string(data_bytes) + ": it is truncated or damaged",
           "Copy it again?"});
  }
  std::sort(order.begin(), order.end(), [](const GgufTensor* a, const GgufTensor* b) {
    return a->file_offset != b->file_offset ? a->file_offset < b->file_offset : a->bytes < b->bytes;
  });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (order[i]->file_offset - order[i - 1]->file_offset < order[i - 1]->bytes)
      problems.push_back({header.file.string() + ": " + order[i]->name,
                          "overlaps the tensor " + order[i - 1]->name, "", ""});
}

GgufHeader parse(GgufReader& reader, std::int64_t file_bytes, const std::filesystem::path& file) {
  GgufHeader header;
  header.file = file;
  header.version = read_magic(reader);
  const auto tensors = reader.scalar<std::uint64_t>("the tensor count"),
             keys = reader.scalar<std::uint64_t>("the metadata count");
  reader.checked_count("metadata", keys, 8 + 4 + 1);
  reader.checked_count("tensors", tensors, 8 + 1 + 4 + 4 + 8);
  std::unordered_set<std::string> seen;
  for (std::uint64_t i = 0; i < keys; ++i) {
    std::string key = reader.string("a metadata key", 65535);
    if (key.empty() || !seen.insert(key).second)
      reader.fail("metadata", key.empty() ? "has an empty key" : "has the key " + key + " twice",
                  "");
    GgufValue value = reader.value(key);
    header.metadata.emplace_back(std::move(key), std::move(value));
  }
  seen.clear();
  for (std::uint64_t i = 0; i < tensors; ++i) {
    header.tensors.push_back(read_tensor(reader));
    if (!seen.insert(header.tensors.back().name).second)
      reader.fail(header.tensors.back().name, "is there twice", "");
  }
  const std::int64_t alignment =
      header.integer("general.alignment").value_or(std::int64_t(kDefaultAlignment));
  if (alignment < 1 || alignment > (1 << 20) || (alignment & (alignment - 1)) != 0)
    reader.fail("general.alignment", std::to_string(alignment) + " is no power of two",
                "tensors lie at its multiples");
  const std::int64_t start =
      (std::int64_t(reader.position()) + alignment - 1) / alignment * alignment;
  Problems problems;
  check_places(header, alignment, std::max<std::int64_t>(0, file_bytes - start), problems);
  if (!problems.empty()) throw BadInput(problems);
  for (GgufTensor& tensor : header.tensors) tensor.file_offset += start;
  return header;
}

template <class T>
const T* held_as(const GgufValue* value) {
  return value == nullptr ? nullptr : std::get_if<T>(&value->held);
}

}  // namespace

const GgufValue* GgufHeader::find(std::string_view key) const {
  for (const auto& [name, value] : metadata)
    if (name == key) return &value;
  return nullptr;
}
std::optional<std::int64_t> GgufHeader::integer(std::string_view key) const {
  const auto* value = held_as<std::int64_t>(find(key));
  return value == nullptr ? std::nullopt : std::optional(*value);
}
std::optional<double> GgufHeader::number(std::string_view key) const {
  if (const auto whole = integer(key)) return double(*whole);
  const auto* value = held_as<double>(find(key));
  return value == nullptr ? std::nullopt : std::optional(*value);
}
std::optional<bool> GgufHeader::flag(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr || value->type != GgufType::boolean) return std::nullopt;
  return std::get<std::int64_t>(value->held) != 0;
}
const std::string* GgufHeader::text(std::string_view key) const {
  return held_as<std::string>(find(key));
}
const std::vector<std::string>* GgufHeader::strings(std::string_view key) const {
  return held_as<std::vector<std::string>>(find(key));
}
const std::vector<std::int64_t>* GgufHeader::integers(std::string_view key) const {
  return held_as<std::vector<std::int64_t>>(find(key));
}
const std::vector<double>* GgufHeader::numbers(std::string_view key) const {
  return held_as<std::vector<double>>(find(key));
}
const GgufTensor* GgufHeader::tensor(std::string_view name) const {
  for (const GgufTensor& tensor : tensors)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

Checked<GgufHeader> parse_gguf_header(std::string_view bytes, std::int64_t file_bytes,
                                      const std::filesystem::path& file) {
  try {
    GgufReader reader(bytes, file);
    return parse(reader, file_bytes, file);
  } catch (const BadInput& bad) {
    return bad.problems();
  }
}

Checked<GgufHeader> read_gguf_header(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const auto unreadable = [&file](int error) {
    return Problem{file.string(), "cannot be read", std::strerror(error), ""};
  };
  if (descriptor < 0) return unreadable(errno);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) {
    ::close(descriptor);
    return Problem{file.string(), "is no GGUF file", "it is empty or no file", ""};
  }
  const auto size = std::size_t(status.st_size);
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int error = errno;
  ::close(descriptor);
  if (mapped == MAP_FAILED) return unreadable(error);
  Checked<GgufHeader> header =
      parse_gguf_header({static_cast<const char*>(mapped), size}, std::int64_t(size), file);
  ::munmap(mapped, size);
  return header;
}

}  // namespace temper
