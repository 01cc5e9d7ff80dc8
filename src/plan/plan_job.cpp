#include "plan/plan_job.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "core/digest.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace fs = std::filesystem;

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

BatchPlan plan_batch(const RunSpec& spec, const DataFacts& facts, int dp, Problems& problems) {
  const TrainSpec& t = spec.train;
  BatchPlan batch;
  batch.micro_batches = t.gradient_accumulation_steps;
  batch.global_batch = t.per_device_train_batch_size * t.gradient_accumulation_steps * dp;
  if (t.global_batch_size) batch.global_batch = *t.global_batch_size;
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
  batch.steps_per_epoch = (batch.documents + batch.global_batch - 1) / batch.global_batch;
  batch.total_steps =
      t.max_steps >= 0
          ? t.max_steps
          : std::int64_t(std::ceil(t.num_train_epochs * double(batch.steps_per_epoch)));
  batch.warmup_steps = t.warmup_steps > 0
                           ? t.warmup_steps
                           : std::int64_t(std::ceil(t.warmup_ratio * double(batch.total_steps)));
  return batch;
}

std::vector<UnitLayout> plan_units(const std::vector<LogicalTensor>& tensors, int units, int dp) {
  std::vector<std::vector<TensorSize>> parts(std::size_t(units) + 1);
  for (int i = 0; i < int(tensors.size()); ++i)
    parts[tensors[std::size_t(i)].row_sparse ? 0 : std::size_t(tensors[std::size_t(i)].unit) + 1]
        .push_back({i, tensors[std::size_t(i)].numel()});
  std::vector<UnitLayout> layouts;
  for (std::size_t u = 0; u < parts.size(); ++u) {
    if (parts[u].empty()) continue;
    const std::string name = u == 0            ? "word_embeddings"
                             : u == 1          ? "embeddings"
                             : int(u) == units ? "head"
                                               : "block." + std::to_string(u - 2);
    layouts.push_back(plan_unit_layout(name, parts[u], dp));
  }
  return layouts;
}

std::vector<MemoryLine> plan_memory(const JobPlan& plan, std::int64_t tokens) {
  const bool bf16 = plan.spec.train.precision == "bf16";
  const std::int64_t width = plan.spec.train.precision == "fp64" ? 8 : bf16 ? 2 : 4;
  const std::int64_t master = plan.spec.train.precision == "fp64" ? 8 : 4;
  std::int64_t elements = 0, sparse = 0;
  for (const UnitLayout& unit : plan.units)
    (unit.name == "word_embeddings" ? sparse : elements) += unit.length;
  const std::int64_t shards = plan.spec.parallel.zero_stage >= 1 ? plan.mesh.dp : 1;
  const BlockShape& b = plan.model.block;
  // Saved for each token and layer: input, q, k, v, attention out, two norm inputs, MLP before and
  // after the activation.
  const std::int64_t per_token = plan.model.layers * (7 * b.hidden + 2 * b.mlp_width) * width;
  return {{"parameters", (elements + sparse) * width},
          {"gradients", (elements + sparse) * master},
          {"optimizer", (elements / shards + sparse) * (2 * master + (bf16 ? 2 : 0))},
          {"activations", per_token * tokens},
          {"communication", plan.mesh.dp > 1 ? std::int64_t{1} << 20 : 0}};
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.cores = std::max<std::int64_t>(1, std::thread::hardware_concurrency());
  machine.memory_bytes = std::int64_t(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  return machine;
}

std::int64_t effective_max_length(const RunSpec& spec, const ModelShape& shape) {
  if (spec.data.max_length > 0) return spec.data.max_length;
  const fs::path path = fs::path(spec.model.model_name_or_path) / "sentence_bert_config.json";
  if (fs::exists(path))
    if (const Checked<Json> json = read_json_file(path);
        json && json.value().value("max_seq_length", Json()).is_number_integer())
      return std::min<std::int64_t>(shape.max_positions,
                                    json.value()["max_seq_length"].get<std::int64_t>());
  return shape.max_positions;
}

Checked<JobPlan> plan_job(const RunSpec& spec, const ModelShape& model, const DataFacts& facts,
                          const Machine& machine) {
  Problems problems;
  check_layout(spec, problems);
  JobPlan plan;
  plan.spec = spec;
  plan.model = model;
  ModelShape& shape = plan.model;
  if (!spec.model.pooling.empty()) {
    shape.pooling = spec.model.pooling == "cls"    ? Pooling::cls
                    : spec.model.pooling == "mean" ? Pooling::mean
                                                   : Pooling::last;
    shape.has_pooler = shape.family == "bert" && shape.pooling == Pooling::cls;
  }
  if (spec.model.attn_dropout) shape.attn_dropout = *spec.model.attn_dropout;
  if (spec.model.hidden_dropout)
    shape.hidden_dropout = shape.head_dropout = *spec.model.hidden_dropout;
  const std::int64_t positions = spec.model.max_position_embeddings.value_or(shape.max_positions);
  if (positions > shape.max_positions)
    problems.push_back({"model.max_position_embeddings",
                        std::to_string(positions) + " is more than the model's " +
                            std::to_string(shape.max_positions),
                        "", "Use fewer."});
  if (effective_max_length(spec, shape) > positions)
    problems.push_back({"data.max_length",
                        std::to_string(spec.data.max_length) + " is more than the model's " +
                            std::to_string(positions) + " positions",
                        "", "Use at most " + std::to_string(positions) + "."});
  const bool regression = spec.model.task == "regression";
  std::int64_t labels =
      regression ? 1 : spec.model.num_labels.value_or(std::int64_t(facts.label_names.size()));
  if (!facts.label_names.empty() && labels < std::int64_t(facts.label_names.size()))
    problems.push_back({"model.num_labels",
                        std::to_string(labels) + " is fewer than the data's " +
                            std::to_string(facts.label_names.size()) + " classes",
                        "", "Leave it out?"});
  if (labels == 0)
    labels = std::max<std::int64_t>(shape.num_labels, std::int64_t(spec.data.label_names.size()));
  if (shape.own_head && shape.num_labels != labels) shape.own_head = false;
  shape.num_labels = std::max<std::int64_t>(labels, regression ? 1 : 2);
  if (!spec.train.class_weights.empty() &&
      std::int64_t(spec.train.class_weights.size()) != shape.num_labels)
    problems.push_back({"train.class_weights",
                        "has " + std::to_string(spec.train.class_weights.size()) + " weights for " +
                            std::to_string(shape.num_labels) + " classes",
                        "", "Give one for each class, in the order of the labels."});
  if (!problems.empty()) return problems;
  plan.mesh = {.pp = 1, .dp = int(spec.parallel.ranks), .tp = 1};
  plan.label_names = facts.label_names;
  plan.batch = plan_batch(spec, facts, plan.mesh.dp, problems);
  plan.tensors = logical_tensors(shape);
  plan.units = plan_units(plan.tensors, int(shape.layers) + 2, plan.mesh.dp);
  plan.threads_per_rank = spec.train.threads_per_rank > 0
                              ? spec.train.threads_per_rank
                              : std::max<std::int64_t>(1, machine.cores / spec.parallel.ranks);
  const BlockShape& b = shape.block;
  const double mean_tokens = facts.documents > 0 ? double(facts.tokens) / double(facts.documents)
                                                 : double(effective_max_length(spec, shape));
  const double matrices =
      double(shape.layers) * double(b.hidden * b.head_size * (2 * b.heads + 2 * b.kv_heads) +
                                    (b.gated_mlp ? 3 : 2) * b.hidden * b.mlp_width);
  plan.flops_per_token = 6 * matrices + 12 * double(shape.layers) * double(b.hidden) * mean_tokens;
  const std::int64_t rank_documents =
      (plan.batch.global_batch + plan.mesh.dp * plan.batch.micro_batches - 1) /
      (plan.mesh.dp * plan.batch.micro_batches);
  plan.memory = plan_memory(plan, std::int64_t(double(rank_documents) * mean_tokens) + 1);
  std::int64_t total = 0;
  for (const MemoryLine& line : plan.memory) total += line.bytes;
  if (machine.memory_bytes > 0 && total * plan.mesh.dp > machine.memory_bytes)
    problems.push_back({"parallel.ranks",
                        "needs " + std::to_string((total * plan.mesh.dp) >> 20) +
                            " MiB where the computer has " +
                            std::to_string(machine.memory_bytes >> 20),
                        "", "Use smaller micro-batches or fewer ranks."});
  const double busy =
      double(std::min<std::int64_t>(machine.cores, plan.mesh.dp * plan.threads_per_rank));
  const double rate = machine.flops_per_core *
                      (spec.train.precision == "bf16"   ? 1
                       : spec.train.precision == "fp32" ? 0.25
                                                        : 0.1) *
                      busy;
  plan.expected_seconds = double(plan.batch.total_steps * plan.batch.global_batch) * mean_tokens *
                          plan.flops_per_token / rate;
  if (!problems.empty()) return problems;
  return plan;
}

Json data_recipe(const RunSpec& spec, const ModelShape& shape) {
  Json data = to_json(spec)["data"];
  for (const char* key :
       {"max_train_samples", "max_eval_samples", "shuffle", "store_dir", "packing"})
    data.erase(key);
  const std::string tokenizer =
      spec.model.tokenizer.empty()
          ? (fs::path(spec.model.model_name_or_path) / "tokenizer.json").string()
          : spec.model.tokenizer;
  Json sources = Json::object();
  std::vector<std::string> files = spec.data.train_file;
  for (const auto* more : {&spec.data.validation_file, &spec.data.test_file})
    files.insert(files.end(), more->begin(), more->end());
  files.push_back(tokenizer);
  for (const std::string& file : files) sources[file] = sha256_of_file(file);
  return {{"format", "temper-recipe/1"},
          {"data", data},
          {"task", spec.model.task},
          {"tokenizer", tokenizer},
          {"max_length", effective_max_length(spec, shape)},
          {"max_positions", shape.max_positions},
          {"vocab_size", shape.vocab_size},
          {"label_names", shape.own_head ? shape.label_names : std::vector<std::string>{}},
          {"source_sha256", sources}};
}

std::string recipe_id(const Json& recipe) {
  // Places are no part of the identity, contents are.
  Json identity = recipe;
  std::vector<std::string> hashes;
  for (const auto& [file, hash] : recipe.at("source_sha256").items())
    hashes.push_back(hash.get<std::string>());
  identity["source_sha256"] = hashes;
  identity.erase("tokenizer");
  for (const char* key : {"train_file", "validation_file", "test_file"})
    identity["data"].erase(key);
  identity["parts"] = {recipe["data"]["train_file"].size(),
                       recipe["data"]["validation_file"].size(),
                       recipe["data"]["test_file"].size()};
  return sha256_hex(canonical_json(identity)).substr(0, 16);
}

}  // namespace temper
