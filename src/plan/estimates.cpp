#include "plan/estimates.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/extent.hpp"

namespace temper {

namespace {

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

double mean_length(const DataFacts& facts) {
  return facts.documents > 0 ? double(facts.tokens) / double(facts.documents) : 0;
}

// Bytes of an element by what it is.
struct Widths {
  std::int64_t weight, sum, low;  // sum: gradients, moments, statistics; low: of a master
  explicit Widths(const std::string& precision)
      : weight(precision == "fp64"   ? 8
               : precision == "bf16" ? 2
                                     : 4),
        sum(precision == "fp64" ? 8 : 4),
        low(precision == "bf16" ? 2 : 0) {}
};

// The lowest unit with something trained: gradients pass no further down.
int lowest_trained_unit(const JobPlan& plan) {
  int lowest = int(plan.model.layers) + 2;
  for (const LogicalTensor& tensor : plan.tensors)
    if (tensor.trained) lowest = std::min(lowest, tensor.unit);
  return lowest;
}

bool is_adapter_input(const LogicalTensor& tensor) { return tensor.role.ends_with(".lora_a"); }

// Elements that one block keeps of a token until it has gone backward, with what `selective`
// computes again set apart. The residual stream before both halves, the two norms' outputs, q, k, v
// (twice where each head is normed), the context, and the MLP before and after its activation.
struct KeptElements {
  std::int64_t always = 0, recomputed = 0;
};
KeptElements kept_elements(const JobPlan& plan) {
  const BlockShape& b = plan.model.block;
  const std::int64_t q = b.heads * b.head_size, kv = b.kv_heads * b.head_size;
  std::int64_t adapters = 0;
  for (const LogicalTensor& tensor : plan.tensors)
    if (tensor.unit == 1 && is_adapter_input(tensor)) adapters += tensor.shape[0];
  KeptElements kept;
  kept.always = 2 * b.hidden + 2 * q + 2 * kv + (b.gated_mlp ? 2 : 1) * b.mlp_width + adapters;
  kept.recomputed = 2 * b.hidden + b.mlp_width;
  if (b.norm_place == NormPlace::sandwich) kept.always += 2 * b.hidden;
  if (b.qk_norm) kept.always += q + kv;
  return kept;
}

std::int64_t activation_bytes(const JobPlan& plan, std::int64_t tokens) {
  const TrainSpec& train = plan.spec.train;
  const BlockShape& b = plan.model.block;
  const Widths width(train.precision);
  const KeptElements kept = kept_elements(plan);
  const std::int64_t statistics = (b.heads + 4) * width.sum;
  const std::int64_t whole = (kept.always + kept.recomputed) * width.weight + statistics;
  // While a block goes backward: the gradients of what it computed.
  const std::int64_t working = (3 * b.hidden + 2 * b.heads * b.head_size +
                                b.kv_heads * b.head_size + (b.gated_mlp ? 3 : 2) * b.mlp_width) *
                               width.weight;
  // Blocks that gradients pass: those from the lowest trained one on.
  const std::int64_t layers = std::clamp<std::int64_t>(
      plan.model.layers + 1 - std::max(1, lowest_trained_unit(plan)), 0, plan.model.layers);
  if (layers == 0) return tokens * (whole + working);  // one block's, while it goes forward
  if (train.gradient_checkpointing == "selective")
    return tokens * (layers * (kept.always * width.weight + statistics) +
                     kept.recomputed * width.weight + working);
  if (train.gradient_checkpointing == "blocks") {
    const std::int64_t inputs = divide_up(layers, train.gradient_checkpointing_every);
    return tokens * (inputs * b.hidden * width.weight + (layers - inputs + 1) * whole + working);
  }
  return tokens * (layers * whole + working);
}

std::int64_t logit_bytes(const JobPlan& plan, std::int64_t tokens, std::int64_t documents) {
  const Widths width(plan.spec.train.precision);
  const ModelShape& model = plan.model;
  switch (model.head.kind) {
    case HeadKind::language:
      return std::min(tokens, kLogitRowsAtOnce) * model.vocab_size * (width.sum + width.weight);
    case HeadKind::tokens:
      return 2 * tokens * model.num_labels * width.sum;
    case HeadKind::sequence:
      return 2 * documents * model.num_labels * width.sum;
  }
  return 0;
}

// FLOPs of a token in the matrix products of unit `u` with `weights` elements.
double product_flops(double weights, bool trained, bool passes) {
  return weights * (2 + (passes ? 2 : 0) + (trained ? 2 : 0));
}

bool is_matrix(const LogicalTensor& tensor) { return tensor.shape.size() == 2 && tensor.unit > 0; }

// How often a token passes the tensors of the head.
double head_share(const JobPlan& plan, const DataFacts& facts) {
  return plan.model.head.kind == HeadKind::sequence ? 1 / std::max(1.0, mean_length(facts)) : 1;
}

// Forward FLOPs of a token in attention, all layers.
double attention_flops(const ModelShape& shape, const DataFacts& facts, std::int64_t layer) {
  double context = std::max(1.0, facts.context);
  const bool causal = shape.block.mask == MaskKind::causal;
  if (causal) context = (context + 1) / 2;
  if (const std::int64_t window = shape.layer_at(layer).window; window > 0)
    context = std::min(context, double(causal ? window : 2 * window + 1));
  return 4 * double(shape.block.heads * shape.block.head_size) * context;
}

double forward_flops(const JobPlan& plan, const DataFacts& facts) {
  double flops = 0;
  for (const LogicalTensor& tensor : plan.tensors)
    if (is_matrix(tensor))
      flops += 2 * double(tensor.numel()) *
               (tensor.unit > int(plan.model.layers) ? head_share(plan, facts) : 1);
  if (plan.model.head.tied) flops += 2 * double(plan.model.vocab_size * plan.model.block.hidden);
  for (std::int64_t layer = 0; layer < plan.model.layers; ++layer)
    flops += attention_flops(plan.model, facts, layer);
  return flops;
}

// What activation checkpointing computes again.
double recomputed_flops(const JobPlan& plan, const DataFacts& facts) {
  const TrainSpec& train = plan.spec.train;
  if (train.gradient_checkpointing != "blocks") return 0;
  const double again = double(divide_up(plan.model.layers, train.gradient_checkpointing_every));
  double blocks = 0;
  for (const LogicalTensor& tensor : plan.tensors)
    if (is_matrix(tensor) && tensor.unit <= int(plan.model.layers))
      blocks += 2 * double(tensor.numel());
  return (blocks / double(plan.model.layers) + attention_flops(plan.model, facts, 0)) * again;
}

std::int64_t evaluations(const JobPlan& plan) {
  const TrainSpec& train = plan.spec.train;
  const std::int64_t first = train.eval_on_start ? 1 : 0;
  if (train.eval_strategy == "no") return first;
  if (train.eval_strategy == "steps") return first + plan.batch.total_steps / train.eval_steps;
  return first + divide_up(plan.batch.total_steps, plan.batch.steps_per_epoch);
}

}  // namespace

std::vector<MemoryLine> plan_memory(const JobPlan& plan, std::int64_t tokens,
                                    std::int64_t documents) {
  const Widths width(plan.spec.train.precision);
  std::int64_t weights = 0, trained = 0, masters = 0, largest = 0, sparse_rows = 0;
  for (const UnitLayout& unit : plan.units) {
    weights += unit.length;
    if (!unit.trained) continue;
    const bool sparse = plan.tensors[std::size_t(unit.slots.front().tensor)].row_sparse;
    const bool cut = plan.spec.parallel.zero_stage >= 1 && !sparse;
    trained += unit.length;
    masters += cut ? unit.length / unit.dp : unit.length;
    if (!sparse) largest = std::max(largest, unit.length);
    if (sparse)
      sparse_rows =
          std::min(tokens * plan.batch.micro_batches * plan.mesh.dp, plan.model.vocab_size);
  }
  const std::int64_t rows =
      plan.mesh.dp > 1 ? sparse_rows * plan.model.block.hidden * width.sum : 0;
  const bool keeps_best = plan.spec.checkpoint.load_best_model_at_end;
  return {{"parameters", weights * width.weight},
          {"gradients", trained * width.sum},
          {"optimizer", masters * (2 * width.sum + width.low)},
          {"activations", activation_bytes(plan, tokens)},
          {"logits", logit_bytes(plan, tokens, documents)},
          {"communication",
           plan.mesh.dp > 1 ? std::min<std::int64_t>(largest * width.sum, 4 << 20) + rows : 0},
          {"best state", keeps_best ? trained * width.weight + masters * width.low : 0}};
}

std::int64_t total_bytes(const std::vector<MemoryLine>& memory) {
  return std::accumulate(memory.begin(), memory.end(), std::int64_t{0},
                         [](std::int64_t sum, const MemoryLine& line) { return sum + line.bytes; });
}

double flops_per_token(const JobPlan& plan, const DataFacts& facts) {
  const int lowest = lowest_trained_unit(plan), head = int(plan.model.layers) + 1;
  double flops = 0;
  bool words_trained = false;
  for (const LogicalTensor& tensor : plan.tensors) {
    words_trained |= tensor.role == "embed.words.weight" && tensor.trained;
    if (is_matrix(tensor))
      flops += product_flops(double(tensor.numel()), tensor.trained, tensor.unit >= lowest) *
               (tensor.unit == head ? head_share(plan, facts) : 1);
  }
  if (plan.model.head.tied)
    flops += product_flops(double(plan.model.vocab_size * plan.model.block.hidden), words_trained,
                           lowest <= head);
  for (std::int64_t layer = 0; layer < plan.model.layers; ++layer)
    flops += attention_flops(plan.model, facts, layer) * (layer + 1 >= lowest ? 3 : 1);
  return flops;
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
  const double training = plan.flops_per_token + recomputed_flops(plan, facts);
  return kStart + mean_length(facts) *
                      (trained * training + double(evaluated) * forward_flops(plan, facts)) / rate;
}

}  // namespace temper
