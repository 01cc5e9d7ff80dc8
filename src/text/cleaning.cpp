#include "text/cleaning.hpp"

#include <array>

#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

bool is_joiner(char32_t c) { return c == 0x200C || c == 0x200D; }

// Controls but tab and line ends, zero-width and bidirectional marks, soft hyphen.
bool is_unseen(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return c < 0x20 || (0x7F <= c && c < 0xA0 && c != 0x85) || c == 0xAD || c == 0x061C ||
         c == 0x180E || (0x200B <= c && c <= 0x200F) || (0x202A <= c && c <= 0x202E) ||
         (0x2060 <= c && c <= 0x2069) || c == 0xFEFF || (0xFFF9 <= c && c <= 0xFFFB);
}

std::u32string decoded(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) points += next_code_point(text, at);
  return points;
}

std::string encoded(const std::u32string& points) {
  std::string text;
  for (const char32_t c : points) append_utf8(c, text);
  return text;
}

std::string normalized_text(std::string_view text, NormalForm form) {
  std::u32string points = decoded(text);
  normalize(form, points);
  return encoded(points);
}

std::string without_unseen(std::string_view text) {
  std::string kept;
  char32_t before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    std::size_t behind = at;
    const char32_t after = at < text.size() ? next_code_point(text, behind) : 0;
    const bool joins = is_joiner(c) && before >= 0x80 && after >= 0x80;
    if (is_unseen(c) && !joins) continue;
    append_utf8(c, kept);
    before = c;
  }
  return kept;
}

std::string trimmed(std::string_view text) {
  std::size_t begin = 0, end = text.size();
  for (std::size_t at = 0; at < text.size() && is_white_space(next_code_point(text, at));)
    begin = at;
  while (end > begin) {
    const std::size_t start = previous_start(text, end);
    std::size_t at = start;
    if (!is_white_space(next_code_point(text, at))) break;
    end = start;
  }
  return std::string(text.substr(begin, end - begin));
}

std::string collapsed(std::string_view text) {
  std::string words;
  words.reserve(text.size());
  bool gap = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    if (is_white_space(next_code_point(text, at))) {
      gap = !words.empty();
      continue;
    }
    if (gap) words += ' ';
    gap = false;
    words.append(text, from, at - from);
  }
  return words;
}

std::string with_line_feeds(std::string_view text) {
  std::string lines;
  lines.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      lines += '\n';
      i += i + 1 < text.size() && text[i + 1] == '\n';
    } else {
      lines += text[i];
    }
  }
  return lines;
}

constexpr auto kAsciiWord = [] {
  std::array<char, 128> lower{};  // 0: no word character
  for (int c = '0'; c <= '9'; ++c) lower[std::size_t(c)] = char(c);
  for (int c = 'a'; c <= 'z'; ++c) lower[std::size_t(c)] = lower[std::size_t(c - 32)] = char(c);
  lower['_'] = '_';
  return lower;
}();

}  // namespace

bool apply_cleaning(CleaningKind kind, std::string& text) {
  std::string after;
  switch (kind) {
    case CleaningKind::line_endings:
      if (text.find('\r') == std::string::npos) return false;
      after = with_line_feeds(text);
      break;
    case CleaningKind::nfc:
    case CleaningKind::nfkc:
      if (is_ascii(text)) return false;
      after = normalized_text(text, kind == CleaningKind::nfc ? NormalForm::nfc : NormalForm::nfkc);
      break;
    case CleaningKind::control:
      after = without_unseen(text);
      break;
    case CleaningKind::whitespace:
      after = collapsed(text);
      break;
    case CleaningKind::trim:
      after = trimmed(text);
      break;
    default:
      return false;
  }
  if (after == text) return false;
  text = std::move(after);
  return true;
}

bool is_blank(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (!is_white_space(c) && !is_unseen(c)) return false;
  }
  return true;
}

std::int64_t count_characters(std::string_view text) {
  std::int64_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

std::string comparison_key(std::string_view text) {
  return is_ascii(text) ? collapsed(text) : collapsed(normalized_text(text, NormalForm::nfc));
}

std::string word_key(std::string_view text) {
  std::string words;
  words.reserve(text.size());
  bool inside = false;
  const auto begin_word = [&] {
    if (!inside && !words.empty()) words += ' ';
    inside = true;
  };
  if (is_ascii(text)) {
    for (const char byte : text) {
      const char lower = kAsciiWord[std::size_t(byte)];
      if (lower == 0) {
        inside = false;
      } else {
        begin_word();
        words += lower;
      }
    }
  } else {
    std::u32string points = decoded(text), lower;
    normalize(NormalForm::nfc, points);
    for (const char32_t c : points) {
      if (!is_word(c)) {
        inside = false;
        continue;
      }
      begin_word();
      lower.clear();
      append_lowercase(c, lower);
      for (const char32_t l : lower) append_utf8(l, words);
    }
  }
  return words.empty() ? comparison_key(text) : words;
}

}  // namespace temper
