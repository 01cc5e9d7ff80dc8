// What a finished training run leaves behind: predictions and, where the plan says so, the model: a
// Hugging Face directory, or a PEFT directory of its adapters.
#pragma once

#include <filesystem>

#include "train/loop.hpp"

namespace temper {

// predictions-*.jsonl in `attempt`, the model in ../../model. Collective over `world`.
void write_results(const Group& world, const Job& job, const RunReport& report,
                   const std::filesystem::path& attempt);

}  // namespace temper
