// What a RunSpec can be told to be wrong before model and data are looked at: keys that contradict
// each other.
#pragma once

#include <string>

#include "core/problem.hpp"
#include "plan/run_spec.hpp"

namespace temper {

// Every contradiction; `where` is the manifest key.
Problems check_spec(const RunSpec& spec);

bool has_eval_split(const DataSpec& data);
bool has_test_split(const DataSpec& data);
// Of the objective: the manifest's word, else by its name. A loss or an error is better small,
// everything else large: "eval/loss", "test/mse".
bool greater_is_better(const RunSpec& spec);
// The tokenizer.json that the data are prepared with, or the .gguf file that embeds one.
std::string tokenizer_file(const RunSpec& spec);

}  // namespace temper
