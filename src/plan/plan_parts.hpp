// The parts of a JobPlan, each a pure function: batches, units, memory, FLOPs, time.
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
// blocks, head; `layers` blocks.
std::vector<UnitLayout> plan_units(const std::vector<LogicalTensor>& tensors, int layers, int dp);

// Bytes of the fullest rank, by what holds them. `tokens` of the largest micro-batch; `documents`
// in it.
std::vector<MemoryLine> plan_memory(const JobPlan& plan, std::int64_t tokens,
                                    std::int64_t documents);
std::int64_t total_bytes(const std::vector<MemoryLine>& memory);

// Model FLOPs (recomputation not counted) of a token in training: 6 for each weight of a matrix
// product, 12 hidden for each layer and token attended to; with a frozen encoder its forward alone.
double flops_per_token(const JobPlan& plan, const DataFacts& facts);
// Training, evaluations and the test at the machine's rates.
double expected_seconds(const JobPlan& plan, const DataFacts& facts, const Machine& machine);

}  // namespace temper
