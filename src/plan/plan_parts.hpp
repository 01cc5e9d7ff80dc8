// The parts of a JobPlan, each a pure function: batches and units.
#pragma once

#include <vector>

#include "plan/plan_job.hpp"

namespace temper {

// Documents of a step on all ranks (train.global_batch_size, or per_device_train_batch_size x
// gradient_accumulation_steps x dp), cut into micro-batches of at most per_device_train_batch_size
// documents on each rank, or by train.tokens_per_microbatch. A global batch need not be divisible:
// parts differ by one document, and the loss is divided by the step's own count, so every layout
// minimises the same thing.
BatchPlan plan_batch(const RunSpec& spec, const DataFacts& facts, int dp, Problems& problems);
// Documents of the largest micro-batch of any rank.
std::int64_t largest_micro_batch(const BatchPlan& batch, int dp);

// The word embedding by itself (its gradient touches few rows and is never cut), then embeddings,
// blocks, head; `layers` blocks. What is frozen of a unit is one of its own that follows it:
// "block.3", "block.3.frozen".
std::vector<UnitLayout> plan_units(const std::vector<LogicalTensor>& tensors, int layers, int dp);

}  // namespace temper
