#include "plan/plan_job.hpp"

#include <algorithm>

#include "plan/check_spec.hpp"
#include "plan/estimates.hpp"
#include "plan/families.hpp"
#include "plan/lora_plan.hpp"
#include "plan/plan_parts.hpp"
#include "plan/trained_tensors.hpp"

namespace temper {

namespace {

void check_layout(const RunSpec& spec, Problems& problems) {
  const ParallelSpec& p = spec.parallel;
  if (p.tensor_parallel_size != 1)
    problems.push_back({"parallel.tensor_parallel_size", "tensor parallelism is not supported yet",
                        "", "Set it to 1."});
  if (p.pipeline_parallel_size != 1)
    problems.push_back({"parallel.pipeline_parallel_size",
                        "pipeline parallelism is not supported yet", "", "Set it to 1."});
  if (p.zero_stage > 1)
    problems.push_back(
        {"parallel.zero_stage", "stages 2 and 3 are not supported yet", "", "Use 0 or 1."});
}

// q, k, v (and gate, up) are one product over neighbours in memory: none may end within an atom.
void check_products(const ModelShape& shape, Problems& problems) {
  const BlockShape& b = shape.block;
  for (const std::int64_t rows : {b.heads * b.head_size, b.kv_heads * b.head_size, b.mlp_width})
    if (rows * b.hidden % kUnitAtom != 0)
      return problems.push_back(
          {"model.model_name_or_path",
           "a matrix of " + std::to_string(rows) + " x " + std::to_string(b.hidden) +
               " is not supported yet",
           "matrices that one product computes lie next to each other",
           "Use sizes whose product is a multiple of " + std::to_string(kUnitAtom) + "."});
}

// The model as this run uses it: pooling, dropout, positions.
void apply_model_keys(const ModelSpec& spec, ModelShape& shape, Problems& problems) {
  if (!spec.pooling.empty()) {
    shape.pooling = spec.pooling == "cls"    ? Pooling::cls
                    : spec.pooling == "mean" ? Pooling::mean
                                             : Pooling::last;
    shape.has_pooler = head_rule(shape).pooler && shape.pooling == Pooling::cls;
  }
  if (spec.attn_dropout) shape.attn_dropout = *spec.attn_dropout;
  if (spec.hidden_dropout) shape.hidden_dropout = shape.head_dropout = *spec.hidden_dropout;
  if (spec.max_position_embeddings.value_or(0) > shape.max_positions)
    problems.push_back({"model.max_position_embeddings",
                        std::to_string(*spec.max_position_embeddings) +
                            " is more than the model's " + std::to_string(shape.max_positions),
                        shape.positions == PositionKind::learned ? "there are no weights for more"
                                                                 : "it was made for no more",
                        "Use fewer."});
  check_products(shape, problems);
}

void check_length(const RunSpec& spec, const ModelShape& shape, const DataFacts& facts,
                  Problems& problems) {
  const std::int64_t positions = std::min(
      shape.max_positions, spec.model.max_position_embeddings.value_or(shape.max_positions));
  const std::int64_t length = effective_max_length(spec, shape);
  if (length > positions)
    problems.push_back({"data.max_length",
                        std::to_string(length) + " is more than the model's " +
                            std::to_string(positions) + " positions",
                        shape.positions == PositionKind::learned
                            ? "a token further on has no position embedding"
                            : "the model was made for no more",
                        "Use at most " + std::to_string(positions) + "."});
  else if (length < 3)
    problems.push_back({"data.max_length", std::to_string(length) + " leaves no room for text",
                        "two tokens are special", "Use at least 3."});
  else if (facts.longest > positions && !facts.estimated)
    problems.push_back({"data.max_length",
                        "the store holds a document of " + std::to_string(facts.longest) +
                            " tokens, more than the model's " + std::to_string(positions),
                        "", "Set it to at most " + std::to_string(positions) + "."});
}

bool has_labels(const ModelSpec& model) {
  return model.task != "causal-lm" && model.task != "masked-lm";
}

// How many outputs the head has: the manifest's word, else the model's own head where it fits the
// data, else the data's classes.
void plan_labels(const RunSpec& spec, const DataFacts& facts, ModelShape& shape,
                 Problems& problems) {
  if (!has_labels(spec.model)) {
    if (spec.model.num_labels)
      problems.push_back({"model.num_labels", "has no meaning for a language model",
                          "its outputs are the vocabulary", "Leave it out."});
    if (!spec.train.class_weights.empty())
      problems.push_back({"train.class_weights", "have no meaning for a language model", "", ""});
    return;
  }
  if (spec.model.task == "regression") {
    if (shape.num_labels != 1) shape.own_head = false;
    shape.num_labels = 1;
    return;
  }
  const std::vector<std::string>& names =
      facts.label_names.empty() ? spec.data.label_names : facts.label_names;
  const auto classes = std::int64_t(names.size());
  const std::int64_t given = spec.model.num_labels.value_or(0);
  if (given > 0 && given < classes && !facts.estimated)
    problems.push_back({"model.num_labels",
                        std::to_string(given) + " is fewer than the data's " +
                            std::to_string(classes) + " classes",
                        "a label would have no output", "Leave it out?"});
  const std::int64_t own = shape.own_head ? shape.num_labels : 0;
  const std::int64_t labels = given > 0 ? given : own >= classes && own > 0 ? own : classes;
  if (own != labels) shape.own_head = false;
  shape.num_labels = std::max<std::int64_t>(labels, 2);
  const auto weights = std::int64_t(spec.train.class_weights.size());
  if (weights > 0 && weights != shape.num_labels && (given > 0 || classes > 0) && !facts.estimated)
    problems.push_back({"train.class_weights",
                        "has " + std::to_string(weights) + " weights for " +
                            std::to_string(shape.num_labels) + " classes",
                        "", "Give one for each class, in the order of the labels."});
  for (const double weight : spec.train.class_weights)
    if (weight < 0)
      return problems.push_back({"train.class_weights", "holds a negative weight", "", ""});
}

// The cheapest change that makes the largest part smaller.
std::string memory_remedy(const JobPlan& plan, const std::string& largest) {
  const TrainSpec& train = plan.spec.train;
  if (largest == "activations")
    return train.gradient_checkpointing == "blocks" && train.gradient_checkpointing_every == 1
               ? "Use a smaller train.per_device_train_batch_size or data.max_length."
               : "Use train.gradient_checkpointing = true, or a smaller "
                 "train.per_device_train_batch_size or data.max_length.";
  if (largest == "best state")
    return "Use checkpoint.load_best_model_at_end = false, or fewer ranks.";
  if (plan.spec.parallel.zero_stage == 0 && plan.mesh.dp > 1)
    return "Use parallel.zero_stage = 1, or fewer ranks.";
  if (train.precision != "bf16") return "Use train.bf16 = true, or fewer ranks.";
  if (train.finetuning_type == "full" && largest != "parameters")
    return "Use train.finetuning_type = \"lora\", or fewer ranks.";
  return "Use fewer ranks, or a smaller model.";
}

void check_memory(const JobPlan& plan, const Machine& machine, Problems& problems) {
  const std::int64_t rank = total_bytes(plan.memory), needed = rank * plan.mesh.size();
  if (machine.memory_bytes <= 0 || needed <= machine.memory_bytes) return;
  const auto mebibytes = [](std::int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; };
  const auto fullest =
      std::max_element(plan.memory.begin(), plan.memory.end(),
                       [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
  problems.push_back({"parallel.ranks",
                      std::string(kNothingFits) + ": " + std::to_string(plan.mesh.size()) +
                          (plan.mesh.size() == 1 ? " rank needs " : " ranks need ") +
                          mebibytes(needed) + " and the computer has " +
                          mebibytes(machine.memory_bytes),
                      "most of it " + fullest->what + ", " + mebibytes(fullest->bytes) + " a rank",
                      memory_remedy(plan, fullest->what)});
}

}  // namespace

bool nothing_fits(const Problems& problems) {
  return !problems.empty() && std::all_of(problems.begin(), problems.end(), [](const Problem& p) {
    return p.what.starts_with(kNothingFits);
  });
}

Checked<JobPlan> plan_job(const RunSpec& spec, const ModelShape& model, const DataFacts& facts,
                          const Machine& machine) {
  Problems problems = check_spec(spec);
  check_layout(spec, problems);
  JobPlan plan;
  plan.spec = spec;
  plan.model = model;
  if (const Checked<ModelShape> shape = with_task(model, spec.model.task))
    plan.model = shape.value();
  else
    problems.push_back(shape.problems().front());
  apply_model_keys(spec.model, plan.model, problems);
  check_length(spec, plan.model, facts, problems);
  plan_labels(spec, facts, plan.model, problems);
  plan.mesh = {.pp = 1, .dp = int(spec.parallel.ranks), .tp = 1};
  plan.batch = plan_batch(spec, facts, plan.mesh.dp, problems);
  if (facts.estimated && facts.documents == 0)
    problems.push_back({"data.train_file", "holds no rows", "there is nothing to train on", ""});
  if (!problems.empty()) return problems;
  plan.label_names = facts.estimated ? std::vector<std::string>{} : facts.label_names;
  plan.tensors = logical_tensors(plan.model);
  if (spec.train.finetuning_type == "lora") {
    Checked<std::vector<LogicalTensor>> adapted = lora_tensors(plan.model, plan.tensors, spec.lora);
    if (!adapted) return adapted.problems();
    plan.tensors = std::move(adapted).value();
  }
  mark_trained(spec, plan.model, plan.tensors, problems);
  if (!problems.empty()) return problems;
  plan.units = plan_units(plan.tensors, int(plan.model.layers), plan.mesh.dp);
  plan.threads_per_rank = spec.train.threads_per_rank > 0
                              ? spec.train.threads_per_rank
                              : std::max<std::int64_t>(1, machine.cores / spec.parallel.ranks);
  plan.evaluate_test = has_test_split(spec.data);
  const std::int64_t length = effective_max_length(spec, plan.model);
  const double mean =
      facts.documents > 0 ? double(facts.tokens) / double(facts.documents) : double(length);
  const std::int64_t documents = largest_micro_batch(plan.batch, plan.mesh.dp);
  // Micro-batches vary: half as many tokens again as the mean, and no more than all at full length.
  const std::int64_t tokens =
      plan.batch.micro_batch_tokens > 0
          ? plan.batch.micro_batch_tokens
          : std::min(std::int64_t(1.5 * mean * double(documents)) + length, documents * length);
  plan.memory = plan_memory(plan, tokens, documents);
  plan.flops_per_token = flops_per_token(plan, facts);
  plan.expected_seconds = expected_seconds(plan, facts, machine);
  check_memory(plan, machine, problems);
  if (!problems.empty()) return problems;
  return plan;
}

}  // namespace temper
