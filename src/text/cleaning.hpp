// What the rewriting steps of `data.clean` do to a text, and the forms in which texts are compared.
//
//   apply_cleaning(CleaningKind::whitespace, text);    // true: changed
//   comparison_key(" A  cat\n") == comparison_key("A cat")              // duplicates
//   word_key("A cat!") == "a cat"                                                // one split
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plan/cleaning_steps.hpp"

namespace temper {

// Rewrites `text` (valid UTF-8) by one step; true when it changed. Steps that drop rewrite nothing.
bool apply_cleaning(CleaningKind kind, std::string& text);

// No visible character: nothing but white space, control and zero-width characters.
bool is_blank(std::string_view text);
std::int64_t count_characters(std::string_view text);

// Rows with equal keys are exact duplicates: normal form C, white space collapsed and trimmed. Case
// and punctuation tell texts apart.
std::string comparison_key(std::string_view text);
// Rows with equal keys go into the same split: lower-case words (\w+) joined by single spaces; of
// a text without words, its comparison key.
std::string word_key(std::string_view text);

}  // namespace temper
