#include "text/tokenizer/words/byte_level.hpp"

#include <array>

namespace temper {

namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

struct Alphabet {
  std::array<char32_t, 256> characters{};
  std::array<std::int16_t, 0x144> bytes{};
  constexpr Alphabet() {
    for (auto& byte : bytes) byte = -1;
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      characters[byte] = stands_for_itself(byte) ? char32_t(byte) : next++;
      bytes[characters[byte]] = std::int16_t(byte);
    }
  }
};
constexpr Alphabet kAlphabet;

Gpt2Class class_at(std::string_view text, std::size_t& at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return ++at, kGpt2Ascii[byte];
  return gpt2_class(next_code_point(text, at));
}

// The end of the run of `kind` from `at` on.
std::size_t end_of_run(std::string_view text, std::size_t at, Gpt2Class kind) {
  while (at < text.size()) {
    std::size_t after = at;
    if (class_at(text, after) != kind) break;
    at = after;
  }
  return at;
}

// Bytes of a contraction at `at`, which holds an apostrophe; 0 when there is none.
std::size_t contraction(std::string_view text, std::size_t at) {
  const char first = at + 1 < text.size() ? text[at + 1] : '\0';
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  const char second = at + 2 < text.size() ? text[at + 2] : '\0';
  const bool is_long = (first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
                       (first == 'l' && second == 'l');
  return is_long ? 3 : 0;
}

constexpr auto O = Gpt2Class::other, L = Gpt2Class::letter, N = Gpt2Class::number,
               S = Gpt2Class::space;

}  // namespace

// clang-format off
const Gpt2Class kGpt2Ascii[128] = {
    O, O, O, O, O, O, O, O, O, S, S, S, S, S, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    S, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, N, N, N, N, N, N, N, N, N, N, O, O, O, O, O, O,
    O, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, O, O, O, O, O,
    O, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, O, O, O, O, O};
// clang-format on

Gpt2Class gpt2_class(char32_t c) {
  if (c < 0x80) return kGpt2Ascii[c];
  if (is_letter(c)) return L;
  if (is_number(c)) return N;
  return is_white_space(c) ? S : O;
}

char32_t byte_to_character(unsigned char byte) { return kAlphabet.characters[byte]; }

std::string_view byte_level_character(unsigned char byte) {
  static const auto characters = [] {
    std::array<std::string, 256> all;
    for (unsigned b = 0; b < 256; ++b) append_utf8(kAlphabet.characters[b], all[b]);
    return all;
  }();
  return characters[byte];
}

int byte_of_character(char32_t c) { return c < kAlphabet.bytes.size() ? kAlphabet.bytes[c] : -1; }

void append_byte_level(std::string_view bytes, std::string& out) {
  for (const char byte : bytes) out.append(byte_level_character(static_cast<unsigned char>(byte)));
}

bool append_bytes_of(std::string_view characters, std::string& out) {
  const std::size_t before = out.size();
  for (std::size_t at = 0; at < characters.size();) {
    const int byte = byte_of_character(next_code_point(characters, at));
    if (byte < 0) {
      out.resize(before);
      return false;
    }
    out.push_back(static_cast<char>(byte));
  }
  return true;
}

std::size_t end_of_gpt2_word(std::string_view text, std::size_t at) {
  if (text[at] == '\'') {
    const std::size_t length = contraction(text, at);
    if (length > 0) return at + length;
  }
  std::size_t after = at;
  Gpt2Class kind = class_at(text, after);
  if (text[at] == ' ' && after < text.size()) {
    std::size_t second = after;
    const Gpt2Class next = class_at(text, second);
    if (next != S) return end_of_run(text, second, next);
  }
  if (kind != S) return end_of_run(text, after, kind);
  // White space: all of it at the end of the text, else all but its last character, which may
  // belong to the next word.
  const std::size_t end = end_of_run(text, after, S);
  if (end == text.size() || end == after) return end;
  return previous_start(text, end);
}

}  // namespace temper
