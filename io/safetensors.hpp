// safetensors files: headers checked like hostile input, files written whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/dtype.hpp"
#include "core/json.hpp"
#include "core/problem.hpp"
#include "io/export/tensor_stream.hpp"
#include "io/tensor_index.hpp"

namespace temper {

// The header of one file. Problems: header length beyond the file or 100 MB, no JSON, unknown
// dtype, product(shape)*size overflow or other than end - begin, overlapping ranges or holes, last
// end other than the file's size, duplicate names. Each names file and tensor.
Checked<TensorIndex> read_safetensors_header(const std::filesystem::path& file);
struct TensorToWrite {
  std::string name;
  std::vector<std::int64_t> shape;
  Dtype dtype = Dtype::f32;
  const void* data = nullptr;  // contiguous, little-endian, that dtype
};
// One file, atomically; `__metadata__` is {"format": "pt"}. Throws WorldFailure.
void write_safetensors(const std::filesystem::path& file,
                       const std::vector<TensorToWrite>& tensors);
// The same, one tensor in memory at a time, as F32, F16 or BF16 (round to nearest even).
void write_safetensors(const std::filesystem::path& file, const std::vector<TensorStream>& tensors,
                       Dtype dtype);

}  // namespace temper
