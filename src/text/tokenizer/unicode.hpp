// Code points as the reference tokenizers see them: UTF-8 in and out, classes, case, and the four
// normalisation forms. Classes come from ICU, held to the Unicode version that the reference
// implementation uses, so that ids agree for every code point.
//
//   for (std::size_t at = 0; at < text.size();) {
//     const char32_t c = next_code_point(text, at);
//     if (!is_white_space(c)) append_utf8(c, out);
//   }
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace temper {

// The offset of the first byte that is no valid UTF-8 (surrogates, overlong forms and code points
// above U+10FFFF are not valid); none when all of it is.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);
bool is_ascii(std::string_view text);
// Bytes at the end that begin a sequence and wait for the rest of it: 0 to 3.
std::size_t unfinished_utf8(std::string_view bytes);
// With U+FFFD for each maximal part that is not valid.
std::string to_valid_utf8(std::string_view bytes);

// The code point at `at`, which moves behind it. `text` is valid UTF-8.
inline char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return char32_t(static_cast<unsigned char>(text[i])); };
  const char32_t first = byte(at);
  if (first < 0x80) return at += 1, first;
  if (first < 0xE0) return at += 2, (first & 0x1F) << 6 | (byte(at - 1) & 0x3F);
  if (first < 0xF0)
    return at += 3, (first & 0x0F) << 12 | (byte(at - 2) & 0x3F) << 6 | (byte(at - 1) & 0x3F);
  return at += 4, (first & 0x07) << 18 | (byte(at - 3) & 0x3F) << 12 | (byte(at - 2) & 0x3F) << 6 |
                      (byte(at - 1) & 0x3F);
}
// The start of the code point that ends before `at` (> 0).
inline std::size_t previous_start(std::string_view text, std::size_t at) {
  do --at;
  while ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return at;
}
void append_utf8(char32_t c, std::string& out);

bool is_white_space(char32_t c);       // White_Space
bool is_letter(char32_t c);            // L, as the pattern engine of the reference knows it
bool is_number(char32_t c);            // N, likewise
bool is_numeric(char32_t c);           // N, as the Digits pre-tokenizer knows it
bool is_word(char32_t c);              // \w: Alphabetic, M, Nd, Pc, Join_Control
bool is_mark(char32_t c);              // M
bool is_bert_punctuation(char32_t c);  // all ASCII symbols and P
bool is_bert_control(char32_t c);      // C, unassigned included
bool is_bert_accent(char32_t c);       // Mn
bool is_bert_ideograph(char32_t c);    // the blocks that BertNormalizer puts spaces around

// Each code point by itself, no final sigma; U+0130 becomes two.
void append_lowercase(char32_t c, std::u32string& out);

enum class NormalForm { nfc, nfd, nfkc, nfkd };
void normalize(NormalForm form, std::u32string& text);
// True when `c` never changes with what stands before it.
bool has_boundary_before(NormalForm form, char32_t c);

}  // namespace temper
