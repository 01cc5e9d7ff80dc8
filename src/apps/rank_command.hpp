// The commands of `temper-rank`. Each is collective over the world; a throw on any rank has to be
// agreed on (`run_agreed`) or ends the job.
#pragma once

#include <filesystem>

#include "core/outcome.hpp"
#include "mpi/group.hpp"

namespace temper {

// temper-rank prepare RECIPE.json STORE.h5: builds the token store, its card STORE.json, and the
// baselines' predictions STORE.baselines/NAME-{eval,test}.jsonl.
Outcome run_rank_prepare(const Group& world, const std::filesystem::path& recipe,
                         const std::filesystem::path& store);

// temper-rank inspect STORE.h5 SAMPLES: checks every block and prints one JSON object. Rank 0
// alone.
Outcome run_rank_inspect(const std::filesystem::path& store, int samples);

// temper-rank train PLAN.json ATTEMPT: trains, evaluates, and leaves records, predictions, the
// outcome and (where the plan says so) the model beside the attempts.
Outcome run_rank_train(const Group& world, const std::filesystem::path& plan,
                       const std::filesystem::path& attempt);

// temper-rank test PLAN.json ATTEMPT: the plan's `test_model` on the test split.
Outcome run_rank_test(const Group& world, const std::filesystem::path& plan,
                      const std::filesystem::path& attempt);

// temper-rank generate REQUEST.json ANSWERS.jsonl: answers of a language model to a file of
// prompts. The request: model, prompts (JSON lines with "prompt" or "messages"), precision,
// threads, seed and generation (keys of [generation]). Rank 0 prints one JSON object: tokens and
// seconds.
Outcome run_rank_generate(const Group& world, const std::filesystem::path& request,
                          const std::filesystem::path& answers);

}  // namespace temper
