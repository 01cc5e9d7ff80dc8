// What a job needs: bytes of a rank, FLOPs of a token, seconds. Pure functions of the plan.
#pragma once

#include <vector>

#include "plan/plan_job.hpp"

namespace temper {

// Rows of logits that a language head holds at once.
inline constexpr std::int64_t kLogitRowsAtOnce = 512;

// Bytes of the fullest rank, by what holds them. `tokens` of the largest micro-batch; `documents`
// in it.
std::vector<MemoryLine> plan_memory(const JobPlan& plan, std::int64_t tokens,
                                    std::int64_t documents);
std::int64_t total_bytes(const std::vector<MemoryLine>& memory);

// Model FLOPs (recomputation not counted) of a token in training. Each weight of a matrix product
// costs 2 forward, 2 for the gradient of its input where something below it is trained, and 2 for
// its own gradient where it is trained: 6 in full fine-tuning, 4 for a base under adapters, 2 below
// a head trained alone. Attention costs 4 heads head_size for each token attended to, three times
// that where gradients pass.
double flops_per_token(const JobPlan& plan, const DataFacts& facts);
// Training, evaluations and the test at the machine's rates.
double expected_seconds(const JobPlan& plan, const DataFacts& facts, const Machine& machine);

}  // namespace temper
