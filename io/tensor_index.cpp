#include "io/tensor_index.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "core/contract.hpp"
#include "core/json.hpp"
#include "io/gguf/blocks.hpp"
#include "io/gguf/read.hpp"
#include "io/input_file.hpp"
#include "io/safetensors.hpp"
#include "plan/model_files.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kStepBytes = 4 << 20;

Checked<TensorIndex> read_sharded_index(const fs::path& directory, const fs::path& several) {
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

// ggml's word for a dtype of weights. Throws BadInput for others.
GgmlType ggml_type_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::f64:
      return GgmlType::f64;
    case Dtype::f32:
      return GgmlType::f32;
    case Dtype::bf16:
      return GgmlType::bf16;
    case Dtype::f16:
      return GgmlType::f16;
    default:
      break;
  }
  throw BadInput(Problem{"", "a tensor of dtype " + to_string(dtype) + " holds no weights", "",
                         "Convert it to F32."});
}

void read_plain(const TensorEntry& entry, std::int64_t begin, std::int64_t end, float* out) {
  const GgmlType type = ggml_type_of(entry.dtype);
  const InputFile file(entry.file);
  const std::int64_t width = size_bytes(entry.dtype), step = kStepBytes / width;
  if (entry.dtype == Dtype::f32)
    return file.read_exactly(entry.file_offset + begin * width, out, (end - begin) * width);
  std::vector<std::byte> block(std::size_t(std::min(step, end - begin) * width));
  for (std::int64_t first = begin; first < end; first += step) {
    const std::int64_t count = std::min(step, end - first);
    file.read_exactly(entry.file_offset + first * width, block.data(), count * width);
    decode_blocks(type, block.data(), count, out + (first - begin));
  }
}

}  // namespace

std::int64_t TensorEntry::numel() const {
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) count *= dim;
  return count;
}

Checked<TensorIndex> read_model_index(const fs::path& model) {
  const Checked<fs::path> gguf = find_gguf(model);
  if (!gguf) return gguf.problems();
  if (!gguf.value().empty()) return read_gguf_index(gguf.value());
  const fs::path single = model / "model.safetensors",
                 several = model / "model.safetensors.index.json";
  if (fs::exists(single)) return read_safetensors_header(single);
  if (fs::exists(several)) return read_sharded_index(model, several);
  return Problem{model.string(), "holds neither model.safetensors nor model.safetensors.index.json",
                 "", "Save the model with save_pretrained(safe_serialization=True)."};
}

void read_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end, float* out) {
  expects(0 <= begin && begin <= end && end <= entry.numel(), "elements [", begin, ", ", end,
          ") of ", entry.numel());
  if (entry.ggml)
    read_gguf_elements(entry, begin, end, out);
  else
    read_plain(entry, begin, end, out);
}

void read_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end, double* out) {
  if (!entry.ggml && entry.dtype == Dtype::f64) {
    expects(0 <= begin && begin <= end && end <= entry.numel(), "elements [", begin, ", ", end,
            ") of ", entry.numel());
    return InputFile(entry.file)
        .read_exactly(entry.file_offset + begin * 8, out, (end - begin) * 8);
  }
  constexpr std::int64_t step = kStepBytes / 4;
  std::vector<float> block(std::size_t(std::min(step, std::max<std::int64_t>(0, end - begin))));
  for (std::int64_t first = begin; first < end; first += step) {
    const std::int64_t count = std::min(step, end - first);
    read_elements(entry, first, first + count, block.data());
    std::copy_n(block.data(), count, out + (first - begin));
  }
}

}  // namespace temper
