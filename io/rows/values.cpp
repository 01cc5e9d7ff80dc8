#include "io/rows/values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace temper {

using Element = simdjson::dom::element;
using Type = simdjson::dom::element_type;

bool looks_like_integer(std::string_view word) {
  if (word.starts_with('-')) word.remove_prefix(1);
  return !word.empty() && word.size() <= 18 && (word.size() == 1 || word[0] != '0') &&
         std::all_of(word.begin(), word.end(), [](char c) { return '0' <= c && c <= '9'; });
}

bool parse_value(std::string_view word, double& value) {
  while (word.starts_with(' ')) word.remove_prefix(1);
  while (word.ends_with(' ')) word.remove_suffix(1);
  if (word.starts_with('+')) word.remove_prefix(1);
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == word.data() + word.size() &&
         std::isfinite(value);
}

std::string integer_text(const Element& value) {
  return value.type() == Type::INT64 ? std::to_string(value.get_int64().value_unsafe())
                                     : std::to_string(value.get_uint64().value_unsafe());
}

std::string excerpt_of(const Element& value) {
  return std::string(simdjson::minify(value)).substr(0, 40);
}

std::string read_words(const Element& list, std::vector<std::string>& words) {
  simdjson::dom::array items;
  if (list.get(items)) return "is no list of words";
  for (const Element& item : items) {
    std::string_view word;
    const std::string place = "word " + std::to_string(words.size() + 1);
    if (item.get(word)) return place + " is " + excerpt_of(item) + ", which is no text";
    if (word.find_first_not_of(" \t\r\n") == std::string_view::npos) return place + " is empty";
    if (word.find('\0') != std::string_view::npos) return place + " holds the character U+0000";
    words.emplace_back(word);
  }
  return words.empty() ? "is an empty list" : "";
}

std::string read_tags(const Element& list, std::vector<std::string>& tags, bool& all_integers) {
  simdjson::dom::array items;
  if (list.get(items)) return "is no list of labels";
  all_integers = true;
  for (const Element& item : items) {
    const bool integer = item.type() == Type::INT64 || item.type() == Type::UINT64;
    std::string_view word;
    const std::string place = "label " + std::to_string(tags.size() + 1);
    if (!integer && item.get(word))
      return place + " is " + excerpt_of(item) + ", which is no label";
    if (!integer && word.empty()) return place + " is empty";
    all_integers = all_integers && integer;
    tags.push_back(integer ? integer_text(item) : std::string(word));
  }
  return "";
}

}  // namespace temper
