#include "io/safetensors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <type_traits>

#include "core/contract.hpp"
#include "core/extent.hpp"
#include "core/file.hpp"
#include "core/outcome.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLongestHeader = 100'000'000;  // the limit of the reference implementation

class File {
 public:
  explicit File(const fs::path& path)
      : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const { return descriptor_ >= 0; }
  std::int64_t size() const {
    struct stat status {};
    return ::fstat(descriptor_, &status) == 0 ? std::int64_t(status.st_size) : -1;
  }
  // The number of bytes read: fewer than asked at the end of the file.
  std::int64_t read_at(std::int64_t offset, void* out, std::int64_t bytes) const {
    std::int64_t done = 0;
    while (done < bytes) {
      const ssize_t got = ::pread(descriptor_, static_cast<char*>(out) + done,
                                  std::size_t(bytes - done), offset + done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw io_failure("cannot read", path_.string(), errno);
      if (got == 0) break;
      done += got;
    }
    return done;
  }

 private:
  fs::path path_;
  int descriptor_;
};

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

template <class Out>
Out element_as(const std::byte* bytes, Dtype dtype) {
  const auto load = [bytes]<class T>(T value) {
    std::memcpy(&value, bytes, sizeof value);
    return value;
  };
  switch (dtype) {
    case Dtype::f64:
      return Out(load(double{}));
    case Dtype::f32:
      return Out(load(float{}));
    case Dtype::bf16:
      return Out(std::bit_cast<float>(std::uint32_t(load(std::uint16_t{})) << 16));
    case Dtype::f16:
      return Out(float(load(_Float16{})));
    default:
      break;
  }
  throw BadInput(Problem{"", "a tensor of dtype " + to_string(dtype) + " holds no weights", "",
                         "Convert it to F32."});
}

template <class Out>
void read_as(const TensorEntry& entry, std::int64_t begin, std::int64_t end, Out* out) {
  expects(0 <= begin && begin <= end && end <= entry.numel(), "elements [", begin, ", ", end,
          ") of ", entry.numel());
  const File file(entry.file);
  if (!file.is_open()) throw io_failure("cannot open", entry.file.string(), errno);
  const std::int64_t width = size_bytes(entry.dtype), step = (std::int64_t{4} << 20) / width;
  const auto read_at = [&](std::int64_t first, void* to, std::int64_t count) {
    if (file.read_at(entry.file_offset + first * width, to, count * width) != count * width)
      throw WorldFailure(Outcome::io_error, entry.file.string() + ": ends inside a tensor");
  };
  if (std::is_same_v<Out, float> && entry.dtype == Dtype::f32)
    return read_at(begin, out, end - begin);
  std::vector<std::byte> block(std::size_t(std::min(step, end - begin) * width));
  for (std::int64_t first = begin; first < end; first += step) {
    const std::int64_t count = std::min(step, end - first);
    read_at(first, block.data(), count);
    for (std::int64_t i = 0; i < count; ++i)
      *out++ = element_as<Out>(block.data() + i * width, entry.dtype);
  }
}

}  // namespace

std::int64_t TensorEntry::numel() const {
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) count *= dim;
  return count;
}

Checked<TensorIndex> read_safetensors_header(const fs::path& path) {
  const File file(path);
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

Checked<TensorIndex> read_model_index(const fs::path& directory) {
  const fs::path single = directory / "model.safetensors",
                 several = directory / "model.safetensors.index.json";
  if (fs::exists(single)) return read_safetensors_header(single);
  if (!fs::exists(several))
    return Problem{directory.string(),
                   "holds neither model.safetensors nor model.safetensors.index.json", "",
                   "Save the model with save_pretrained(safe_serialization=True)."};
  const Checked<Json> json = read_json_file(several);
  if (!json) return json.problems();
  if (!json.value().is_object() || !json.value().contains("weight_map") ||
      !json.value()["weight_map"].is_object())
    return Problem{several.string(), "has no weight_map", "", ""};
  std::map<std::string, TensorIndex> files;
  TensorIndex all;
  Problems problems;
  for (const auto& [name, file] : json.value()["weight_map"].items()) {
    const fs::path part = file.is_string() ? fs::path(file.get<std::string>()) : fs::path();
    if (part.empty() || part.has_parent_path()) {
      problems.push_back({several.string(), name + " is mapped to no file name", "", ""});
      continue;
    }
    if (!files.contains(part.string())) {
      const Checked<TensorIndex> header = read_safetensors_header(directory / part);
      for (const Problem& problem : header.problems()) problems.push_back(problem);
      files[part.string()] = header ? header.value() : TensorIndex{};
    }
    const TensorIndex& in_file = files[part.string()];
    if (const auto found = in_file.find(name); found != in_file.end())
      all.emplace(name, found->second);
    else
      problems.push_back({several.string(), name + " is not in " + part.string(), "", ""});
  }
  if (!problems.empty()) return problems;
  return all;
}

void read_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end, double* out) {
  read_as(entry, begin, end, out);
}
void read_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end, float* out) {
  read_as(entry, begin, end, out);
}

void write_safetensors(const fs::path& path, const std::vector<TensorToWrite>& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  std::int64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    const auto bytes = bytes_of(tensor.shape, tensor.dtype);
    expects(bytes.has_value() && !header.contains(tensor.name), "tensor ", tensor.name,
            " cannot be written");
    header[tensor.name] = {{"dtype", to_string(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + *bytes}}};
    offset += *bytes;
  }
  std::string text = header.dump();
  text.resize(std::size_t(align_up(std::int64_t(text.size()), 8)), ' ');
  const std::uint64_t length = text.size();
  const fs::path temporary = temporary_beside(path);
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) throw io_failure("cannot create", temporary.string(), errno);
  const auto write_all = [&](const void* data, std::int64_t bytes) {
    for (std::int64_t done = 0; done < bytes;) {
      const ssize_t put =
          ::write(descriptor, static_cast<const char*>(data) + done, std::size_t(bytes - done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw io_failure("cannot write", path.string(), errno);
      done += put;
    }
  };
  try {
    write_all(&length, 8);
    write_all(text.data(), std::int64_t(text.size()));
    for (const TensorToWrite& tensor : tensors)
      write_all(tensor.data, *bytes_of(tensor.shape, tensor.dtype));
    commit_file(temporary, path);
  } catch (...) {
    ::close(descriptor);
    ::unlink(temporary.c_str());
    throw;
  }
  ::close(descriptor);
}

}  // namespace temper
