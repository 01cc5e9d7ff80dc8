// What a GGUF file (version 2 or 3) says of itself before its data: metadata and tensor infos, read
// like hostile input.
//
//   const GgufHeader header = value_or_throw(read_gguf_header("SmolLM2.Q4_1.gguf"));
//   header.text("general.architecture");        // "llama"
//   header.integer("llama.block_count");        // 30
//   header.strings("tokenizer.ggml.tokens");    // 49152 of them
//   header.tensors[0].shape;                    // [49152, 576]: rows first, as Hugging Face has it
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/ggml_type.hpp"
#include "core/problem.hpp"

namespace temper {

// The numbers of the format (ggml, docs/gguf.md).
enum class GgufType : std::uint32_t {
  u8 = 0,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64
};

// A value with the type it has in the file, so that it can be written again as it was. Booleans are
// integers 0 and 1; a u64 beyond 2^63 keeps its bits.
struct GgufValue {
  using Held = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>,
                            std::vector<double>, std::vector<std::string>>;
  GgufType type = GgufType::u32;
  GgufType element = GgufType::u32;  // of an array; arrays of arrays are refused
  Held held;
};

struct GgufTensor {
  std::string name;                 // "blk.0.attn_q.weight"
  std::vector<std::int64_t> shape;  // slowest first, the reverse of the file's order
  GgmlType type = GgmlType::f32;
  std::int64_t file_offset = 0, bytes = 0;  // from the file's start
};

struct GgufHeader {
  std::filesystem::path file;
  std::uint32_t version = 3;
  std::vector<std::pair<std::string, GgufValue>> metadata;  // in the file's order
  std::vector<GgufTensor> tensors;                          // in the file's order

  // Nothing where the key is missing or of another kind.
  const GgufValue* find(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;  // integers too
  std::optional<bool> flag(std::string_view key) const;
  const std::string* text(std::string_view key) const;
  const std::vector<std::string>* strings(std::string_view key) const;
  const std::vector<std::int64_t>* integers(std::string_view key) const;
  const std::vector<double>* numbers(std::string_view key) const;
  const GgufTensor* tensor(std::string_view name) const;
};

// The header of `bytes`, the beginning of a file of `file_bytes`; `file` is for messages. Problems:
// another format or version, counts and lengths that the file cannot hold, unknown types, nested
// arrays, keys and tensor names that are doubled, empty or no UTF-8, more than four dims, sizes
// that overflow or fill no whole blocks, offsets that are not aligned, overlap or pass the end.
Checked<GgufHeader> parse_gguf_header(std::string_view bytes, std::int64_t file_bytes,
                                      const std::filesystem::path& file);
// Maps the file; only the pages of the header are touched.
Checked<GgufHeader> read_gguf_header(const std::filesystem::path& file);

}  // namespace temper
