// The keys of model and data, and of what a language model's loss counts: part of run_spec_keys.
#pragma once

#include <vector>

#include "plan/run_spec_keys.hpp"

namespace temper {

std::vector<RunSpecKey> model_keys();
std::vector<RunSpecKey> data_keys();
std::vector<RunSpecKey> objective_keys();

}  // namespace temper
