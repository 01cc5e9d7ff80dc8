// Which split a row of a single file belongs to: a function of its group alone, so that duplicates
// stay together and more rows never move an old one.
//
//   split_of_group({.train = 0.8, .validation = 0.1, .test = 0.1}, "customer 7")   // 0, 1 or 2
#pragma once

#include <string_view>

#include "plan/run_spec.hpp"

namespace temper {

// x = the first 53 bits of SHA-256("temper-split|" + group), as a fraction: train below its share,
// validation below the sum of both, else test.
int split_of_group(const SplitSpec& shares, std::string_view group);

}  // namespace temper
