// One question to temper-rank on this computer: a single rank that is soon done and prints one JSON
// object.
//
//   const Json told = ask_rank({"inspect", "runs/wn24/data/1f2e....h5", "6"}, 1);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace temper {

// The first argument is the command. Throws WorldFailure with the rank's outcome and words.
Json ask_rank(const std::vector<std::string>& arguments, std::int64_t threads);

}  // namespace temper
