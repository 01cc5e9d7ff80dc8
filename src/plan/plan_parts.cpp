#include "plan/plan_parts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/extent.hpp"
#include "plan/check_spec.hpp"

namespace temper {

namespace {

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

double mean_length(const DataFacts& facts) {
  return facts.documents > 0 ? double(facts.tokens) / double(facts.documents) : 0;
}

// Weights of the matrix products that every token passes.
double matrix_weights(const ModelShape& shape) {
  const BlockShape& b = shape.block;
  return double(shape.layers) * double(b.hidden * b.head_size * (2 * b.heads + 2 * b.kv_heads) +
                                       (b.gated_mlp ? 3 : 2) * b.hidden * b.mlp_width);
}

std::int64_t evaluations(const JobPlan& plan) {
  const TrainSpec& train = plan.spec.train;
  if (train.eval_strategy == "no") return 0;
  if (train.eval_strategy == "steps") return plan.batch.total_steps / train.eval_steps;
  return divide_up(plan.batch.total_steps, plan.batch.steps_per_epoch);
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
  std::vector<std::vector<TensorSize>> parts(std::size_t(layers) + 3);
  for (int i = 0; i < int(tensors.size()); ++i) {
    const LogicalTensor& tensor = tensors[std::size_t(i)];
    parts[tensor.row_sparse ? 0 : std::size_t(tensor.unit) + 1].push_back({i, tensor.numel()});
  }
  std::vector<UnitLayout> layouts;
  for (std::size_t u = 0; u < parts.size(); ++u) {
    if (parts[u].empty()) continue;
    const std::string name = u == 0                 ? "word_embeddings"
                             : u == 1               ? "embeddings"
                             : int(u) == layers + 2 ? "head"
                                                    : "block." + std::to_string(u - 2);
    layouts.push_back(plan_unit_layout(name, parts[u], dp));
  }
  return layouts;
}

std::vector<MemoryLine> plan_memory(const JobPlan& plan, std::int64_t tokens,
                                    std::int64_t documents) {
  const std::string& precision = plan.spec.train.precision;
  const std::int64_t width = precision == "fp64" ? 8 : precision == "bf16" ? 2 : 4;
  const std::int64_t sums = precision == "fp64" ? 8 : 4;  // gradients, moments, statistics
  const std::int64_t low = precision == "bf16" ? 2 : 0;   // lower plane of the master values
  const bool head_only = plan.spec.train.finetuning_type == "head";
  std::int64_t weights = 0, masters = 0, trained = 0, trained_weights = 0, trained_masters = 0;
  std::int64_t largest = 0;  // unit that is reduced over ranks
  for (const UnitLayout& unit : plan.units) {
    const bool sparse = unit.name == "word_embeddings";
    const bool cut = plan.spec.parallel.zero_stage >= 1 && !sparse;
    const std::int64_t owned = cut ? unit.length / unit.dp : unit.length;
    weights += unit.length, masters += owned;
    if (head_only && unit.name != "head") continue;
    trained += unit.length, trained_masters += owned, trained_weights += unit.length;
    if (!sparse) largest = std::max(largest, unit.length);
  }
  const BlockShape& b = plan.model.block;
  // Kept for backward of each token and layer: input, query, key, value, context, two sums before
  // norms, the first norm's output, the MLP before and after its activation; log-sums and norm
  // statistics in `sums` width. While a block goes backward: its output gradients once more.
  const std::int64_t kept = (8 * b.hidden + 2 * b.mlp_width) * width + (b.heads + 4) * sums;
  const std::int64_t working = (6 * b.hidden + 2 * b.mlp_width) * width;
  const std::int64_t layers = head_only ? 1 : plan.model.layers;
  const std::int64_t rows =
      plan.mesh.dp > 1 && !head_only
          ? std::min(tokens * plan.batch.micro_batches * plan.mesh.dp, plan.model.vocab_size) *
                b.hidden * sums
          : 0;
  const bool keeps_best = plan.spec.checkpoint.load_best_model_at_end;
  return {{"parameters", weights * width},
          {"gradients", trained * sums},
          {"optimizer", trained_masters * 2 * sums + masters * low},
          {"activations", tokens * (layers * kept + working)},
          {"logits", 2 * documents * plan.model.num_labels * sums},
          {"communication",
           plan.mesh.dp > 1 ? std::min<std::int64_t>(largest * sums, 4 << 20) + rows : 0},
          {"best state", keeps_best ? trained_weights * width + trained_masters * low : 0}};
}

std::int64_t total_bytes(const std::vector<MemoryLine>& memory) {
  return std::accumulate(memory.begin(), memory.end(), std::int64_t{0},
                         [](std::int64_t sum, const MemoryLine& line) { return sum + line.bytes; });
}

double flops_per_token(const JobPlan& plan, const DataFacts& facts) {
  const ModelShape& shape = plan.model;
  const double matrices = matrix_weights(shape), mean = std::max(1.0, mean_length(facts));
  const double attention = 2 * double(shape.layers) * double(shape.block.heads) *
                           double(shape.block.head_size) * std::max(1.0, facts.context);
  const double head = double(shape.block.hidden) *
                      double(shape.num_labels + (shape.has_pooler ? shape.block.hidden : 0)) / mean;
  const bool head_only = plan.spec.train.finetuning_type == "head";
  return (head_only ? 2 : 6) * (matrices + attention) + 6 * head;
}

double expected_seconds(const JobPlan& plan, const DataFacts& facts, const Machine& machine) {
  constexpr double kStart = 1;  // MPI, weights, store
  const auto busy = double(std::min(machine.cores, plan.mesh.size() * plan.threads_per_rank));
  const std::string& precision = plan.spec.train.precision;
  const double rate = busy * (precision == "bf16"   ? machine.bf16_flops_per_core
                              : precision == "fp32" ? machine.fp32_flops_per_core
                                                    : machine.fp32_flops_per_core / 2);
  std::int64_t evaluated = facts.eval_documents;
  if (plan.spec.data.max_eval_samples > 0)
    evaluated = std::min(evaluated, plan.spec.data.max_eval_samples);
  evaluated *= plan.batch.steps_per_epoch > 0 ? evaluations(plan) : 0;
  if (plan.evaluate_test) evaluated += facts.test_documents;
  const double epochs = plan.batch.steps_per_epoch > 0
                            ? double(plan.batch.total_steps) / double(plan.batch.steps_per_epoch)
                            : 0;
  const double trained = epochs * double(plan.batch.documents);
  const double mean = mean_length(facts), forward = 2 * matrix_weights(plan.model);
  return kStart + mean * (trained * plan.flops_per_token + double(evaluated) * forward) / rate;
}

}  // namespace temper
