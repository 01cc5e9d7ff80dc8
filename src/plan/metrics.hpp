// What an evaluation measures, by task, and which way is better.
#pragma once

#include <string>
#include <vector>

namespace temper {

// Without their split, in the order of the records: {"loss", "accuracy", "macro_f1", ...}.
const std::vector<std::string>& metric_names(const std::string& task);
// Losses and errors are better small, everything else large. "eval/loss" or "loss".
bool less_is_better(const std::string& metric);

}  // namespace temper
