// Words with labels as one text, and which token carries which label.
//
//   joined({"John", "sleeps"})                       // "John sleeps"
//   tag_tokens(words, offsets, false, tags)          // Jo hn sleeps -> 0 -1 1
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/extent.hpp"

namespace temper {

std::string joined(const std::vector<std::string>& words);

// For each token the index of the word whose first token it is, else -1. `offsets`: bytes of the
// joined text. Returns what is wrong, or "": a word without tokens, where none were cut off.
std::string tag_tokens(const std::vector<std::string>& words, const std::vector<Extent>& offsets,
                       bool cut, std::vector<std::int32_t>& tags);

}  // namespace temper
