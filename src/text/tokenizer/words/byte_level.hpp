// The byte-level alphabet of GPT-2: each byte as a printable character, and the pattern that cuts
// text into words.
//
//   byte_to_character(' ')  -> U+0120 (Ġ);    byte_of_character(U'Ġ') -> 32
//   for_each_gpt2_word("I'll pay", [](begin, end) {...})     // I 'll _pay
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/tokenizer/unicode.hpp"

namespace temper {

char32_t byte_to_character(unsigned char byte);
std::string_view byte_level_character(unsigned char byte);  // the same as UTF-8
// -1 for a character outside the alphabet.
int byte_of_character(char32_t c);

void append_byte_level(std::string_view bytes, std::string& out);
// False, with `out` unchanged, when a character is outside the alphabet.
bool append_bytes_of(std::string_view characters, std::string& out);

// letter, number, white space, or else
enum class Gpt2Class : std::uint8_t { other, letter, number, space };
Gpt2Class gpt2_class(char32_t c);
extern const Gpt2Class kGpt2Ascii[128];

// The end of the word at `at` < text.size(), as by the pattern
// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t end_of_gpt2_word(std::string_view text, std::size_t at);

}  // namespace temper
