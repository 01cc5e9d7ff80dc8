#include "text/jinja/text.hpp"

#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include "text/tokenizer/unicode.hpp"

namespace temper::jinja {

void Text::append(const Text& other) {
  bytes += other.bytes;
  origins += other.origins;
}

void Text::append(std::string_view text, Origin origin) {
  bytes += text;
  origins.append(text.size(), origin);
}

Text Text::part(std::size_t begin, std::size_t end) const {
  Text result;
  if (begin >= end) return result;
  result.bytes = bytes.substr(begin, end - begin);
  result.origins = origins.substr(begin, end - begin);
  return result;
}

bool is_python_space(char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); }

std::int64_t count_code_points(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

std::size_t byte_offset(std::string_view text, std::int64_t code_points) {
  std::size_t at = 0;
  for (; code_points > 0 && at < text.size(); --code_points) next_code_point(text, at);
  return at;
}

Text strip(const Text& text, const std::string* set, bool left, bool right) {
  const auto goes = [&](std::size_t begin) {
    std::size_t end = begin;
    const char32_t c = next_code_point(text.bytes, end);
    return set ? set->find(text.bytes.substr(begin, end - begin)) != std::string::npos
               : is_python_space(c);
  };
  std::size_t begin = 0, end = text.size();
  if (left)
    while (begin < end && goes(begin)) next_code_point(text.bytes, begin);
  if (right)
    while (end > begin && goes(previous_start(text.bytes, end)))
      end = previous_start(text.bytes, end);
  return text.part(begin, end);
}

Text change_case(const Text& text, Case how, bool (*title_after)(char32_t)) {
  Text result;
  bool begins = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_code_point(text.bytes, at);
    const bool up = how == Case::upper || (how != Case::lower && begins);
    begins = how == Case::title && title_after(c);
    UChar wide[2], mapped[8];
    std::int32_t length = 0, mapped_length = 0;
    UErrorCode error = U_ZERO_ERROR;
    const UChar32 one = UChar32(c);
    u_strFromUTF32(wide, 2, &length, &one, 1, &error);
    mapped_length = up ? u_strToUpper(mapped, 8, wide, length, "", &error)
                       : u_strToLower(mapped, 8, wide, length, "", &error);
    char out[32];
    std::int32_t out_length = 0;
    u_strToUTF8(out, 32, &out_length, mapped, mapped_length, &error);
    if (U_FAILURE(error)) throw TemplateError("a character without upper and lower case");
    result.append({out, std::size_t(out_length)}, text.origins[begin]);
  }
  return result;
}

}  // namespace temper::jinja
