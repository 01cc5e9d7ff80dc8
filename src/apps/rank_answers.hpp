// The answers that [generation] asks of a fine-tuned model.
#pragma once

#include <filesystem>

#include "train/loop.hpp"

namespace temper {

// Prompts of the eval split through the model that is the result: generations-eval.jsonl in
// `attempt`, and exact_match, token_f1 and rouge_l among the report's eval metrics. Nothing where
// generation.max_samples is 0. Collective over `world`.
void answer_eval(const Group& world, const Job& job, RunReport& report,
                 const std::filesystem::path& attempt);

}  // namespace temper
