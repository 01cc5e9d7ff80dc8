// safetensors files and Hugging Face directories of them: header checked like hostile input,
// tensors read by slices.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/dtype.hpp"
#include "core/json.hpp"
#include "core/problem.hpp"

namespace temper {

struct TensorEntry {
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> shape;
  std::filesystem::path file;
  std::int64_t file_offset = 0, bytes = 0;
  std::int64_t numel() const;
};
using TensorIndex = std::map<std::string, TensorEntry>;

// The header of one file. Problems: header length beyond the file or 100 MB, no JSON, unknown
// dtype, product(shape)*size overflow or other than end - begin, overlapping ranges or holes, last
// end other than the file's size, duplicate names. Each names file and tensor.
Checked<TensorIndex> read_safetensors_header(const std::filesystem::path& file);
// model.safetensors, or all files of model.safetensors.index.json (its weight_map checked against
// the headers).
Checked<TensorIndex> read_model_index(const std::filesystem::path& directory);

// Elements [begin, end) of the tensor in row-major order, converted to fp64, fp32 or bf16 (round to
// nearest even). Throws WorldFailure.
void read_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end, double* out);
void read_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end, float* out);

struct TensorToWrite {
  std::string name;
  std::vector<std::int64_t> shape;
  Dtype dtype = Dtype::f32;
  const void* data = nullptr;  // contiguous, little-endian, that dtype
};
// One file, atomically; `__metadata__` is {"format": "pt"}. Throws WorldFailure.
void write_safetensors(const std::filesystem::path& file,
                       const std::vector<TensorToWrite>& tensors);

}  // namespace temper
