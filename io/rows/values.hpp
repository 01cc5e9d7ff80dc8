// Values of cells: numbers, labels, lists of words.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

namespace temper {

bool looks_like_integer(std::string_view word);
// A finite number, blanks and a plus sign allowed.
bool parse_value(std::string_view word, double& value);
// Of an INT64 or UINT64.
std::string integer_text(const simdjson::dom::element& value);
// At most 40 bytes of it.
std::string excerpt_of(const simdjson::dom::element& value);

// What is wrong, or "". No word is empty; a label is a text or an integer.
std::string read_words(const simdjson::dom::element& list, std::vector<std::string>& words);
std::string read_tags(const simdjson::dom::element& list, std::vector<std::string>& tags,
                      bool& all_integers);

}  // namespace temper
