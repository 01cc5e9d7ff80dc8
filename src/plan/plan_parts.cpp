#include "plan/plan_parts.hpp"

#include <algorithm>
#include <cmath>

namespace temper {

namespace {

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

double mean_length(const DataFacts& facts) {
  return facts.documents > 0 ? double(facts.tokens) / double(facts.documents) : 0;
}

// Micro-batches by a budget of tokens. Without a number of documents the step holds what the
// budgets of all its micro-batches hold at the mean length.
void plan_token_budget(const RunSpec& spec, const DataFacts& facts, int dp, BatchPlan& batch,
                       Problems& problems) {
  const TrainSpec& t = spec.train;
  const std::int64_t budget = *t.tokens_per_microbatch, parts = t.gradient_accumulation_steps * dp;
  const double mean = std::max(1.0, mean_length(facts));
  batch.micro_batch_tokens = budget;
  batch.global_batch =
      t.global_batch_size ? *t.global_batch_size
      : t.per_device_train_batch_size > 0
          ? t.per_device_train_batch_size * parts
          : std::max<std::int64_t>(1, std::int64_t(double(budget) * double(parts) / mean));
  batch.micro_batches = std::max<std::int64_t>(
      1, std::int64_t(std::ceil(double(batch.global_batch) / dp * mean / double(budget))));
  if (!facts.estimated && facts.longest > budget)
    problems.push_back({"train.tokens_per_microbatch",
                        std::to_string(budget) + " is fewer than the longest document's " +
                            std::to_string(facts.longest) + " tokens",
                        "a document is never cut between micro-batches",
                        "Use at least that, or a smaller data.max_length."});
}

}  // namespace

BatchPlan plan_batch(const RunSpec& spec, const DataFacts& facts, int dp, Problems& problems) {
  const TrainSpec& t = spec.train;
  BatchPlan batch;
  if (t.tokens_per_microbatch) {
    plan_token_budget(spec, facts, dp, batch, problems);
  } else {
    batch.global_batch = t.global_batch_size.value_or(t.per_device_train_batch_size *
                                                      t.gradient_accumulation_steps * dp);
    batch.micro_batches =
        std::max(t.gradient_accumulation_steps,
                 divide_up(divide_up(batch.global_batch, dp), t.per_device_train_batch_size));
  }
  if (batch.global_batch < dp)
    problems.push_back({"parallel.ranks",
                        std::to_string(dp) + " ranks share a batch of " +
                            std::to_string(batch.global_batch) + " documents",
                        "some would have nothing to do",
                        "Use at most " + std::to_string(batch.global_batch) +
                            " ranks, or a larger train.global_batch_size."});
  batch.documents = facts.documents;
  if (spec.data.max_train_samples > 0)
    batch.documents = std::min(batch.documents, spec.data.max_train_samples);
  if (batch.documents == 0) return batch;
  batch.steps_per_epoch = divide_up(batch.documents, batch.global_batch);
  batch.total_steps =
      t.max_steps >= 0
          ? t.max_steps
          : std::int64_t(std::ceil(t.num_train_epochs * double(batch.steps_per_epoch)));
  batch.warmup_steps = t.warmup_steps > 0
                           ? t.warmup_steps
                           : std::int64_t(std::ceil(t.warmup_ratio * double(batch.total_steps)));
  return batch;
}

std::int64_t largest_micro_batch(const BatchPlan& batch, int dp) {
  if (batch.micro_batch_tokens > 0)
    return std::min(divide_up(batch.global_batch, dp), batch.micro_batch_tokens);
  return divide_up(divide_up(batch.global_batch, dp), batch.micro_batches);
}

std::vector<UnitLayout> plan_units(const std::vector<LogicalTensor>& tensors, int layers, int dp) {
  struct Parts {
    std::vector<TensorSize> trained, frozen;
  };
  std::vector<Parts> parts(std::size_t(layers) + 3);
  for (int i = 0; i < int(tensors.size()); ++i) {
    const LogicalTensor& tensor = tensors[std::size_t(i)];
    Parts& unit = parts[tensor.row_sparse ? 0 : std::size_t(tensor.unit) + 1];
    (tensor.trained ? unit.trained : unit.frozen).push_back({i, tensor.numel()});
  }
  std::vector<UnitLayout> layouts;
  for (std::size_t u = 0; u < parts.size(); ++u) {
    const std::string name = u == 0                 ? "word_embeddings"
                             : u == 1               ? "embeddings"
                             : int(u) == layers + 2 ? "head"
                                                    : "block." + std::to_string(u - 2);
    if (!parts[u].trained.empty()) layouts.push_back(plan_unit_layout(name, parts[u].trained, dp));
    if (!parts[u].frozen.empty())
      layouts.emplace_back(plan_unit_layout(name + ".frozen", parts[u].frozen, dp)).trained = false;
  }
  return layouts;
}

}  // namespace temper
