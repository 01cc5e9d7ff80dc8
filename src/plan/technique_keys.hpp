// The keys of what is trained and how: parts that are frozen, adapters, checkpointing, the course
// of the learning rate. Part of run_spec_keys.
#pragma once

#include <vector>

#include "core/problem.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

std::vector<RunSpecKey> technique_keys();
std::vector<RunSpecKey> lora_keys();

// Keys of one technique that contradict each other.
void check_technique(const RunSpec& spec, Problems& problems);

}  // namespace temper
