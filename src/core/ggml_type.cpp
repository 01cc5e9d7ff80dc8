#include "core/ggml_type.hpp"

#include <array>

namespace temper {

namespace {

struct Row {
  std::uint32_t number;
  const char* name;
  std::int64_t elements, bytes;
  bool readable;
};

// ggml's table of types (ggml.c, type_traits); K-quants are super-blocks of 256.
constexpr std::array<Row, 34> kRows{
    {{0, "F32", 1, 4, true},          {1, "F16", 1, 2, true},
     {2, "Q4_0", 32, 18, true},       {3, "Q4_1", 32, 20, true},
     {6, "Q5_0", 32, 22, true},       {7, "Q5_1", 32, 24, true},
     {8, "Q8_0", 32, 34, true},       {9, "Q8_1", 32, 40, false},
     {10, "Q2_K", 256, 84, false},    {11, "Q3_K", 256, 110, false},
     {12, "Q4_K", 256, 144, true},    {13, "Q5_K", 256, 176, true},
     {14, "Q6_K", 256, 210, true},    {15, "Q8_K", 256, 292, false},
     {16, "IQ2_XXS", 256, 66, false}, {17, "IQ2_XS", 256, 74, false},
     {18, "IQ3_XXS", 256, 98, false}, {19, "IQ1_S", 256, 50, false},
     {20, "IQ4_NL", 32, 18, false},   {21, "IQ3_S", 256, 110, false},
     {22, "IQ2_S", 256, 82, false},   {23, "IQ4_XS", 256, 136, false},
     {24, "I8", 1, 1, false},         {25, "I16", 1, 2, false},
     {26, "I32", 1, 4, false},        {27, "I64", 1, 8, false},
     {28, "F64", 1, 8, true},         {29, "IQ1_M", 256, 56, false},
     {30, "BF16", 1, 2, true},        {34, "TQ1_0", 256, 54, false},
     {35, "TQ2_0", 256, 66, false},   {39, "MXFP4", 32, 17, false},
     {40, "NVFP4", 64, 36, false},    {41, "Q1_0", 128, 18, false}}};

const Row* row_of(GgmlType type) {
  for (const Row& row : kRows)
    if (row.number == std::uint32_t(type)) return &row;
  return nullptr;
}

}  // namespace

std::optional<GgmlLayout> ggml_layout(GgmlType type) {
  const Row* row = row_of(type);
  return row == nullptr ? std::nullopt : std::optional(GgmlLayout{row->elements, row->bytes});
}

std::string to_string(GgmlType type) {
  const Row* row = row_of(type);
  return row == nullptr ? "type " + std::to_string(std::uint32_t(type)) : row->name;
}

bool is_readable(GgmlType type) {
  const Row* row = row_of(type);
  return row != nullptr && row->readable;
}

std::string readable_ggml_types() {
  std::string names;
  for (const Row& row : kRows)
    if (row.readable) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

std::optional<std::int64_t> ggml_bytes(GgmlType type, std::int64_t elements) {
  const Row* row = row_of(type);
  std::int64_t bytes = 0;
  if (row == nullptr || elements < 0 || elements % row->elements != 0 ||
      __builtin_mul_overflow(elements / row->elements, row->bytes, &bytes))
    return std::nullopt;
  return bytes;
}

}  // namespace temper
