#include "text/tokenizer/rewriting/precompiled.hpp"

#include <unicode/ubrk.h>
#include <unicode/utext.h>

#include <bit>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

constexpr std::size_t kLargestMap = std::size_t(1) << 26;

int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = sextet(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | std::uint32_t(value);
    if ((count += 6) < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 0xFF));
  }
  return bytes;
}

std::uint32_t little_endian(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The units of a Darts double array: a label in the low byte, whether a leaf follows in bit 8, the
// distance to the children in the rest; a leaf holds its value in the low 31 bits.
bool has_leaf(std::uint32_t unit) { return (unit >> 8 & 1) != 0; }
std::uint32_t label_of(std::uint32_t unit) { return unit & (0x80000000u | 0xFF); }
std::uint32_t distance_of(std::uint32_t unit) { return unit >> 10 << ((unit >> 9 & 1) * 8); }

}  // namespace

struct GraphemeBreaks::Iterator {
  UBreakIterator* breaks = nullptr;
  UText text = UTEXT_INITIALIZER;
  ~Iterator() {
    ubrk_close(breaks);
    utext_close(&text);
  }
};

GraphemeBreaks::GraphemeBreaks() = default;
GraphemeBreaks::~GraphemeBreaks() = default;

void GraphemeBreaks::set_text(std::string_view text) {
  text_ = text;
  is_set_ = false;
}

std::size_t GraphemeBreaks::end(std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text_[i]); };
  if (byte(at) < 0x80) {  // ASCII joins with what follows only in CR LF and before marks
    if (at + 1 == text_.size()) return at + 1;
    if (byte(at + 1) < 0x80) return at + (byte(at) == '\r' && byte(at + 1) == '\n' ? 2 : 1);
  }
  UErrorCode status = U_ZERO_ERROR;
  if (!iterator_) {
    iterator_ = std::make_unique<Iterator>();
    iterator_->breaks = ubrk_open(UBRK_CHARACTER, "", nullptr, 0, &status);
  }
  if (!is_set_ && U_SUCCESS(status)) {
    utext_openUTF8(&iterator_->text, text_.data(), std::int64_t(text_.size()), &status);
    ubrk_setUText(iterator_->breaks, &iterator_->text, &status);
    is_set_ = true;
  }
  if (U_FAILURE(status))
    throw std::runtime_error(std::string("ICU finds no grapheme clusters: ") + u_errorName(status));
  const std::int32_t found = ubrk_following(iterator_->breaks, std::int32_t(at));
  return found == UBRK_DONE ? text_.size() : std::size_t(found);
}

Precompiled Precompiled::read(const JsonFields& fields) {
  const char* key = "precompiled_charsmap";
  const std::string text = fields.text(key);
  if (text.size() > kLargestMap) fields.fail(key, "larger than 64 MiB", "no map is");
  const std::optional<std::string> bytes = from_base64(text);
  if (!bytes) fields.fail(key, "no valid base64");
  if (bytes->size() < 4) fields.fail(key, "it has under 4 bytes");
  const std::size_t trie_bytes = little_endian(bytes->data());
  if (trie_bytes == 0 || trie_bytes % 4 != 0 || trie_bytes > bytes->size() - 4)
    fields.fail(key, "its trie has " + std::to_string(trie_bytes) + " bytes",
                "the map has " + std::to_string(bytes->size()));
  Precompiled charsmap;
  charsmap.units_.resize(trie_bytes / 4);
  for (std::size_t i = 0; i < charsmap.units_.size(); ++i)
    charsmap.units_[i] = little_endian(bytes->data() + 4 + 4 * i);
  charsmap.texts_ = bytes->substr(4 + trie_bytes);
  if (charsmap.texts_.empty() || charsmap.texts_.back() != '\0')
    fields.fail(key, "its last text does not end");
  if (find_invalid_utf8(charsmap.texts_)) fields.fail(key, "its texts are invalid UTF-8");
  return charsmap;
}

bool Precompiled::find(std::string_view text, std::string_view& to) const {
  std::size_t node = distance_of(units_[0]);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) return false;  // zero is the label of leaves
    node ^= byte;
    if (node >= units_.size() || label_of(units_[node]) != byte) return false;
    const std::uint32_t unit = units_[node];
    node ^= distance_of(unit);
    if (!has_leaf(unit)) continue;
    if (node >= units_.size()) return false;
    const std::size_t begin = units_[node] & 0x7FFFFFFF;
    if (begin >= texts_.size()) return false;
    if (begin > 0 && (static_cast<unsigned char>(texts_[begin]) & 0xC0) == 0x80) return false;
    to = std::string_view(texts_).substr(begin, texts_.find('\0', begin) - begin);
    return true;
  }
  return false;
}

}  // namespace temper
