// The tensors of a model by Hugging Face's names, whatever file holds them, and their elements.
//
//   const TensorIndex index = value_or_throw(read_model_index("SmolLM2-135M-Instruct"));
//   const TensorEntry& entry = index.at("model.embed_tokens.weight");
//   read_elements(entry, 0, entry.numel(), values.data());
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/dtype.hpp"
#include "core/ggml_type.hpp"
#include "core/problem.hpp"
#include "plan/gguf_names.hpp"

namespace temper {

struct TensorEntry {
  Dtype dtype = Dtype::f32;  // of the elements; those of quantised blocks are F32
  std::vector<std::int64_t> shape;
  std::filesystem::path file;
  std::int64_t file_offset = 0, bytes = 0;
  std::optional<GgmlType> ggml = {};     // of a GGUF file
  GgufChange change = GgufChange::none;  // undone when elements are read
  std::int64_t heads = 0;                // whose rows are interleaved
  std::int64_t numel() const;
};
using TensorIndex = std::map<std::string, TensorEntry>;

// The .gguf file that the path stands for (io/gguf/read.hpp), else model.safetensors, or all files
// of model.safetensors.index.json (its weight_map checked against the headers).
Checked<TensorIndex> read_model_index(const std::filesystem::path& model);

// Elements [begin, end) of the tensor in row-major order, converted to fp64 or fp32. Holds a few
// MiB besides, one head's rows of interleaved ones, the whole tensor of transposed ones. Throws
// WorldFailure.
void read_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end, double* out);
void read_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end, float* out);

}  // namespace temper
