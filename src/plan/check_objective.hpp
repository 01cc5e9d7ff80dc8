// Task, stage, rows and what the loss counts, given against each other.
#pragma once

#include "core/problem.hpp"
#include "plan/run_spec.hpp"

namespace temper {

void check_objective(const RunSpec& spec, Problems& problems);

}  // namespace temper
