#include "io/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "core/contract.hpp"
#include "core/extent.hpp"
#include "io/gguf/blocks.hpp"
#include "io/input_file.hpp"
#include "io/output_file.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLongestHeader = 100'000'000;  // the limit of the reference implementation

// The product of the shape times the element size; nothing when it overflows or a dim is negative.
std::optional<std::int64_t> bytes_of(const std::vector<std::int64_t>& shape, Dtype dtype) {
  std::int64_t bytes = size_bytes(dtype);
  for (const std::int64_t dim : shape)
    if (dim < 0 || __builtin_mul_overflow(bytes, dim, &bytes)) return std::nullopt;
  return bytes;
}

// One entry of the header, checked by itself. `data_bytes` is what follows the header.
Checked<TensorEntry> entry_of(const std::string& where, const Json& json, std::int64_t data_bytes) {
  if (!json.is_object() || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets"))
    return Problem{where, "lacks dtype, shape or data_offsets", "", ""};
  if (!json["dtype"].is_string()) return Problem{where, "dtype is no string", "", ""};
  const std::string name = json["dtype"].get<std::string>();
  const auto dtype = dtype_of_name(name);
  if (!dtype)
    return Problem{where, "unknown dtype \"" + name + "\"", "",
                   "Convert the tensor to F32, F16 or BF16."};
  TensorEntry entry{.dtype = *dtype, .shape = {}, .file = {}, .file_offset = 0, .bytes = 0};
  if (!json["shape"].is_array()) return Problem{where, "shape is no list", "", ""};
  for (const Json& dim : json["shape"]) {
    if (!dim.is_number_unsigned())
      return Problem{where, "shape holds something other than counts", "", ""};
    entry.shape.push_back(dim.get<std::int64_t>());
  }
  const Json& offsets = json["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    return Problem{where, "data_offsets is no pair of counts", "", ""};
  const std::uint64_t begin = offsets[0].get<std::uint64_t>(),
                      end = offsets[1].get<std::uint64_t>();
  if (begin > end || end > std::uint64_t(data_bytes))
    return Problem{where,
                   "data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) +
                       ") lie outside of " + std::to_string(data_bytes) + " bytes of data",
                   "the file is truncated or damaged", "Copy it again?"};
  entry.file_offset = std::int64_t(begin);
  entry.bytes = std::int64_t(end - begin);
  const auto expected = bytes_of(entry.shape, entry.dtype);
  if (!expected || *expected != entry.bytes)
    return Problem{where,
                   "shape and dtype ask for " +
                       (expected ? std::to_string(*expected) : "too many") +
                       " bytes, data_offsets give " + std::to_string(entry.bytes),
                   "", ""};
  return entry;
}

// Ranges must cover the data without overlap or hole.
void check_cover(const fs::path& file, const TensorIndex& index, std::int64_t data_bytes,
                 Problems& problems) {
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [name, entry] : index) order.emplace_back(entry.file_offset, name);
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first
                              : index.at(a.second).bytes < index.at(b.second).bytes;
  });
  std::int64_t end = 0;
  for (const auto& [begin, name] : order) {
    if (begin != end)
      problems.push_back({file.string() + ": " + name,
                          begin < end ? "overlaps the tensor before it" : "leaves a hole before it",
                          "byte " + std::to_string(begin) + " instead of " + std::to_string(end),
                          ""});
    end = std::max(end, begin + index.at(name).bytes);
  }
  if (end != data_bytes)
    problems.push_back({file.string(),
                        std::to_string(data_bytes - end) + " bytes at the end belong to no tensor",
                        "", ""});
}

// Length and JSON of a file that holds these tensors one after another.
std::string header_of(const std::vector<TensorToWrite>& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  std::set<std::string> names;
  std::int64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    const auto bytes = bytes_of(tensor.shape, tensor.dtype);
    expects(bytes.has_value() && names.insert(tensor.name).second, "tensor ", tensor.name,
            " cannot be written");
    header.push_back({tensor.name,
                      {{"dtype", to_string(tensor.dtype)},
                       {"shape", tensor.shape},
                       {"data_offsets", {offset, offset + *bytes}}}});
    offset += *bytes;
  }
  std::string text = header.dump();
  text.resize(std::size_t(align_up(std::int64_t(text.size()), 8)), ' ');
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + text;
}

}  // namespace

Checked<TensorIndex> read_safetensors_header(const fs::path& path) {
  const InputFile file(path);
  if (!file.is_open()) return Problem{path.string(), "cannot be read", std::strerror(errno), ""};
  const std::int64_t size = file.size();
  std::uint64_t length = 0;
  if (size < 8 || file.read_at(0, &length, 8) != 8)
    return Problem{path.string(), "is no safetensors file: shorter than 8 bytes", "", ""};
  if (length > kLongestHeader || length > std::uint64_t(size - 8))
    return Problem{path.string(),
                   "announces a header of " + std::to_string(length) + " bytes in a file of " +
                       std::to_string(size),
                   "it is truncated or no safetensors file", "Copy it again?"};
  std::string text(length, '\0');
  file.read_at(8, text.data(), std::int64_t(length));
  std::set<std::string> seen;
  std::string twice;
  bool too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    too_deep = too_deep || depth > 8;
    if (depth == 1 && event == Json::parse_event_t::key &&
        !seen.insert(value.get<std::string>()).second)
      twice = value.get<std::string>();
    return !too_deep;
  };
  const Json header = Json::parse(text, watch, false);
  if (too_deep || !header.is_object())
    return Problem{path.string(), "its header is no JSON object", "", ""};
  if (!twice.empty())
    return Problem{path.string(), "names the tensor \"" + twice + "\" twice", "", ""};
  const std::int64_t data_bytes = size - 8 - std::int64_t(length);
  TensorIndex index;
  Problems problems;
  for (const auto& [name, json] : header.items()) {
    if (name == "__metadata__") continue;
    Checked<TensorEntry> entry = entry_of(path.string() + ": " + name, json, data_bytes);
    if (entry)
      index.emplace(name, std::move(entry).value());
    else
      problems.push_back(entry.problems().front());
  }
  if (problems.empty()) check_cover(path, index, data_bytes, problems);
  if (!problems.empty()) return problems;
  for (auto& [name, entry] : index) {
    entry.file = path;
    entry.file_offset += 8 + std::int64_t(length);
  }
  return index;
}

void write_safetensors(const fs::path& path, const std::vector<TensorToWrite>& tensors) {
  OutputFile file(path);
  const std::string header = header_of(tensors);
  file.write(header.data(), std::int64_t(header.size()));
  for (const TensorToWrite& tensor : tensors)
    file.write(tensor.data, *bytes_of(tensor.shape, tensor.dtype));
  file.commit();
}

void write_safetensors(const fs::path& path, const std::vector<TensorStream>& tensors,
                       Dtype dtype) {
  std::vector<TensorToWrite> plain;
  for (const TensorStream& tensor : tensors) plain.push_back({tensor.name, tensor.shape, dtype});
  const std::string header = header_of(plain);
  const GgmlType type = dtype == Dtype::bf16  ? GgmlType::bf16
                        : dtype == Dtype::f16 ? GgmlType::f16
                                              : GgmlType::f32;
  expects(dtype == Dtype::bf16 || dtype == Dtype::f16 || dtype == Dtype::f32, "weights as ",
          to_string(dtype));
  OutputFile file(path);
  file.write(header.data(), std::int64_t(header.size()));
  std::vector<float> values;
  std::vector<std::byte> bytes;
  for (const TensorStream& tensor : tensors) {
    values.resize(std::size_t(tensor.numel()));
    tensor.read(values.data());
    bytes.resize(std::size_t(*bytes_of(tensor.shape, dtype)));
    encode_blocks(type, values.data(), tensor.numel(), bytes.data());
    file.write(bytes.data(), std::int64_t(bytes.size()));
  }
  file.commit();
}

}  // namespace temper
