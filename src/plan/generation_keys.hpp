// The keys of [generation]: answers that a fine-tuned language model is asked for. Part of
// run_spec_keys.
#pragma once

#include <vector>

#include "core/problem.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

std::vector<RunSpecKey> generation_keys();

// Keys that contradict each other or the task.
void check_generation(const RunSpec& spec, Problems& problems);

}  // namespace temper
