#include <algorithm>
#include <cstdint>
#include <cstring>

#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// Bytes of the valid sequence at `at`, or 0; `bad` is then the length of the maximal part that
// could have begun one (Unicode 15, section 3.9, "U+FFFD Substitution of Maximal Subparts").
std::size_t sequence_length(std::string_view text, std::size_t at, std::size_t& bad) {
  const unsigned first = byte_at(text, at);
  bad = 1;
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i >= text.size()) return 0;
    const unsigned least = i > 1 ? 0x80 : first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned most = i > 1 ? 0xBF : first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    const unsigned byte = byte_at(text, at + i);
    if (byte < least || byte > most) return 0;
    bad = i + 1;
  }
  return length;
}

// Where the ASCII bytes from `at` on end, eight at a time.
std::size_t skip_ascii(std::string_view text, std::size_t at) {
  while (at + 8 <= text.size()) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + at, 8);
    if (eight & 0x8080808080808080ull) break;
    at += 8;
  }
  while (at < text.size() && byte_at(text, at) < 0x80) ++at;
  return at;
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  for (std::size_t at = skip_ascii(text, 0); at < text.size(); at = skip_ascii(text, at)) {
    std::size_t bad = 0;
    const std::size_t length = sequence_length(text, at, bad);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

bool is_ascii(std::string_view text) { return skip_ascii(text, 0) == text.size(); }

std::size_t unfinished_utf8(std::string_view bytes) {
  for (std::size_t count = 1; count <= std::min<std::size_t>(3, bytes.size()); ++count) {
    const std::size_t at = bytes.size() - count;
    if ((byte_at(bytes, at) & 0xC0) == 0x80) continue;
    std::size_t bad = 0;
    const bool may_go_on = byte_at(bytes, at) >= 0xC2 && byte_at(bytes, at) <= 0xF4 &&
                           sequence_length(bytes, at, bad) == 0 && bad == count;
    return may_go_on ? count : 0;
  }
  return 0;
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t bad = 0;
    const std::size_t length = sequence_length(bytes, at, bad);
    if (length > 0) {
      text.append(bytes, at, length);
    } else {
      append_utf8(0xFFFD, text);
    }
    at += length > 0 ? length : bad;
  }
  return text;
}

void append_utf8(char32_t c, std::string& out) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  }
}

}  // namespace temper
