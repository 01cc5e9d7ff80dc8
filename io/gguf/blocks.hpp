// ggml's blocks of elements to fp32 and back, bitwise as the `gguf` Python package computes them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/ggml_type.hpp"

namespace temper {

// `elements` fill whole blocks; the type is_readable. The bytes need no alignment.
void decode_blocks(GgmlType type, const std::byte* blocks, std::int64_t elements, float* out);

// F32, F16, BF16 (round to nearest even) and Q8_0.
bool is_writable(GgmlType type);
void encode_blocks(GgmlType type, const float* values, std::int64_t elements, std::byte* out);

}  // namespace temper
