// The texts of a row, whatever its form: what cleaning rewrites and by what rows are compared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/rows.hpp"

namespace temper {

// Text and pair, or what each message says. Words of token classification are not rewritten: their
// labels belong to them as they are.
std::vector<std::string*> texts_of(Row& row);

// Of a text row the text, of a conversation all of it, line by line: for samples.
std::string text_of(const Row& row);
// Nothing visible: in the text, in the completion, or in all of the assistant's words.
bool is_empty(const Row& row, RowForm form);
std::int64_t characters_of(const Row& row);

// Rows with equal texts are duplicates; rows with equal words go into one split.
std::string comparison_text(const Row& row);
std::string word_text(const Row& row);

}  // namespace temper
