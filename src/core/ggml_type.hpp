// Tensor types of GGUF files, by the numbers and names of ggml: elements lie in blocks of a fixed
// number of bytes.
//
//   ggml_bytes(GgmlType::q4_1, 576 * 576);   // 207360: blocks of 32 elements in 20 bytes
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace temper {

// The types whose elements Temper reads. Other numbers of ggml have a name and a size too.
enum class GgmlType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  f64 = 28,
  bf16 = 30
};

struct GgmlLayout {
  std::int64_t block_elements = 1, block_bytes = 1;
};
// Nothing where ggml has no type of that number.
std::optional<GgmlLayout> ggml_layout(GgmlType type);
// "Q4_1"; "type 77" where ggml has none of that number.
std::string to_string(GgmlType type);
bool is_readable(GgmlType type);
// "F32, F16, ..."
std::string readable_ggml_types();
// Bytes of that many elements; nothing when they fill no whole number of blocks, or overflow.
std::optional<std::int64_t> ggml_bytes(GgmlType type, std::int64_t elements);

}  // namespace temper
