// Values of one searched key: every point of a grid, or a draw that depends on (seed, trial, key)
// alone, so that a further key or trial changes no other draw.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/study.hpp"

namespace temper {

// How many points a grid has along an axis; 0 for a range without steps.
std::int64_t grid_size(const SearchAxis& axis);
// The points of an axis in order: its list, or min, min + step, ... of a range.
std::vector<Json> grid_values(const SearchAxis& axis);

// The first word of SHA-256 of a key: its part of the Philox counter.
std::uint32_t axis_word(const std::string& key);

// Philox4x32-10 with key = seed and counter = (trial, axis_word, search). u = 53 bits of it:
//   list      values[floor(u n)]
//   uniform   min + u (max - min)              log   exp(ln min + u ln(max / min))
//   step      min + step floor(u points)       int   min + floor(u (max - min + 1))
//   int, log  the rounded log draw of (min - 1/2, max + 1/2)
// Numbers that are not whole have 9 significant digits: the last bits of exp differ by machine.
Json draw_value(const SearchAxis& axis, std::uint32_t axis_word, std::uint64_t seed,
                std::uint64_t trial);

}  // namespace temper
