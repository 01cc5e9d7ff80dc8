#include "core/dtype.hpp"

#include <array>

namespace temper {

namespace {
struct Row {
  Dtype dtype;
  const char* name;
  std::int64_t bytes;
};
constexpr std::array<Row, 13> kRows{{{Dtype::f64, "F64", 8},
                                     {Dtype::f32, "F32", 4},
                                     {Dtype::f16, "F16", 2},
                                     {Dtype::bf16, "BF16", 2},
                                     {Dtype::i64, "I64", 8},
                                     {Dtype::i32, "I32", 4},
                                     {Dtype::i16, "I16", 2},
                                     {Dtype::i8, "I8", 1},
                                     {Dtype::u64, "U64", 8},
                                     {Dtype::u32, "U32", 4},
                                     {Dtype::u16, "U16", 2},
                                     {Dtype::u8, "U8", 1},
                                     {Dtype::boolean, "BOOL", 1}}};
}  // namespace

std::int64_t size_bytes(Dtype dtype) {
  for (const Row& row : kRows)
    if (row.dtype == dtype) return row.bytes;
  return 0;
}

std::string to_string(Dtype dtype) {
  for (const Row& row : kRows)
    if (row.dtype == dtype) return row.name;
  return "";
}

std::optional<Dtype> dtype_of_name(std::string_view name) {
  for (const Row& row : kRows)
    if (name == row.name) return row.dtype;
  return std::nullopt;
}

}  // namespace temper
