#include "plan/run_spec_keys.hpp"

#include <cmath>
#include <map>

#include "plan/bind_key.hpp"
#include "plan/data_keys.hpp"
#include "plan/generation_keys.hpp"
#include "plan/technique_keys.hpp"

namespace temper {

namespace {

std::vector<RunSpecKey> train_keys() {
  const std::string ta = "TrainingArguments", temper = "Temper";
  const KeyLimits machine{{}, kNotNegative, false};
  return {
      bind_key(
          "train.stage", TEMPER_MEMBER(train.stage), "what is trained", "LLaMA-Factory",
          {.allowed = {"classification", "regression", "token-classification", "sft", "clm", "mlm"},
           .later = {"pt", "dpo", "kto", "orpo", "rm", "grpo", "ppo"}}),
      bind_key("train.per_device_train_batch_size",
               TEMPER_MEMBER(train.per_device_train_batch_size),
               "documents of a micro-batch on each data-parallel rank; 0: by tokens_per_microbatch",
               ta, {{}, kNotNegative}),
      bind_key("train.gradient_accumulation_steps",
               TEMPER_MEMBER(train.gradient_accumulation_steps), "micro-batches of a step", ta,
               {{}, kCount}),
      bind_key("train.global_batch_size", TEMPER_MEMBER(train.global_batch_size),
               "documents of a step over all ranks, instead of the two above", "Megatron",
               {{}, kCount}),
      bind_key("train.tokens_per_microbatch", TEMPER_MEMBER(train.tokens_per_microbatch),
               "tokens of a micro-batch at most; documents stay whole", temper, {{}, kCount}),
      bind_key("train.num_train_epochs", TEMPER_MEMBER(train.num_train_epochs),
               "passes over the training rows", ta, {{}, kPositive}),
      bind_key("train.max_steps", TEMPER_MEMBER(train.max_steps),
               "ends training after so many steps; -1: by epochs", ta, {{}, {-1, HUGE_VAL}}),
      bind_key("train.learning_rate", TEMPER_MEMBER(train.learning_rate),
               "peak learning rate of AdamW", ta, {{}, kNotNegative}),
      bind_key("train.warmup_steps", TEMPER_MEMBER(train.warmup_steps),
               "steps of linear warm-up; wins over warmup_ratio", ta, {{}, kNotNegative}),
      bind_key("train.warmup_ratio", TEMPER_MEMBER(train.warmup_ratio),
               "share of all steps that warm up", ta, {{}, kShare}),
      bind_key("train.weight_decay", TEMPER_MEMBER(train.weight_decay),
               "decoupled decay; not on biases and norm weights", ta, {{}, kNotNegative}),
      bind_key("train.weight_decay_all", TEMPER_MEMBER(train.weight_decay_all),
               "decay biases and norm weights too", temper),
      bind_key("train.adam_beta1", TEMPER_MEMBER(train.adam_beta1), "decay of the first moment", ta,
               {{}, {0, 0.9999999}}),
      bind_key("train.adam_beta2", TEMPER_MEMBER(train.adam_beta2), "decay of the second moment",
               ta, {{}, {0, 0.9999999}}),
      bind_key("train.adam_epsilon", TEMPER_MEMBER(train.adam_epsilon),
               "added to the root of the second moment", ta, {{}, kPositive}),
      bind_key("train.max_grad_norm", TEMPER_MEMBER(train.max_grad_norm),
               "gradients are clipped to this global norm; 0: never", ta, {{}, kNotNegative}),
      bind_key("train.label_smoothing_factor", TEMPER_MEMBER(train.label_smoothing_factor),
               "share of the target spread over all classes", ta, {{}, {0, 0.999}}),
      bind_key("train.class_weights", TEMPER_MEMBER(train.class_weights),
               "weight of each class in the loss; empty: all 1", "CrossEntropyLoss"),
      bind_key("train.precision", TEMPER_MEMBER(train.precision), "bf16 (fp32 masters), fp32, fp64",
               temper, {.allowed = {"bf16", "fp32", "fp64"}, .later = {"fp16"}}),
      bind_key("train.seed", TEMPER_MEMBER(train.seed), "initial head, dropout and data order", ta,
               {{}, kNotNegative}),
      bind_key("train.data_seed", TEMPER_MEMBER(train.data_seed),
               "order and sample of the rows; without it the seed", ta, {{}, kNotNegative}),
      bind_key("train.logging_steps", TEMPER_MEMBER(train.logging_steps), "steps between records",
               ta, {{}, kCount, false}),
      bind_key("train.eval_steps", TEMPER_MEMBER(train.eval_steps),
               "steps between evaluations for eval_strategy = \"steps\"", ta, {{}, kNotNegative}),
      bind_key("train.eval_strategy", TEMPER_MEMBER(train.eval_strategy),
               "when the eval split is looked at", ta, {{"epoch", "steps", "no"}}),
      bind_key("train.early_stopping_patience", TEMPER_MEMBER(train.early_stopping_patience),
               "evaluations without gain before training ends; 0: off", "EarlyStoppingCallback",
               {{}, kNotNegative}),
      bind_key("train.threads_per_rank", TEMPER_MEMBER(train.threads_per_rank),
               "threads of a rank; 0: cores / ranks", temper, machine),
  };
}

std::vector<RunSpecKey> other_keys() {
  const std::string temper = "Temper";
  const KeyLimits layout{{}, kCount, false}, price{{}, kNotNegative, false};
  return {
      bind_key("study.objective", TEMPER_MEMBER(objective),
               "what the search optimises and the best state is chosen by, on the eval split",
               "metric_for_best_model"),
      bind_key("study.greater_is_better", TEMPER_MEMBER(greater_is_better),
               "without it: by the metric", "TrainingArguments"),
      bind_key("parallel.ranks", TEMPER_MEMBER(parallel.ranks), "MPI ranks of a job", temper,
               layout),
      bind_key("parallel.tensor_parallel_size", TEMPER_MEMBER(parallel.tensor_parallel_size),
               "ranks that share each matrix", "Megatron", layout),
      bind_key("parallel.pipeline_parallel_size", TEMPER_MEMBER(parallel.pipeline_parallel_size),
               "stages of the pipeline", "Megatron", layout),
      bind_key("parallel.zero_stage", TEMPER_MEMBER(parallel.zero_stage),
               "0: state whole on every rank; 1: optimizer state cut", "DeepSpeed",
               {{}, {0, 3}, false}),
      bind_key("parallel.device", TEMPER_MEMBER(parallel.device), "where ranks compute", temper,
               {.allowed = {"cpu"}, .decides_result = false, .later = {"cuda"}}),
      bind_key("parallel.transport", TEMPER_MEMBER(parallel.transport), "how ranks talk", temper,
               {.allowed = {"auto", "mpi"}, .decides_result = false, .later = {"window", "nccl"}}),
      bind_key("checkpoint.load_best_model_at_end",
               TEMPER_MEMBER(checkpoint.load_best_model_at_end),
               "the result is the best evaluated state, not the last", "TrainingArguments"),
      bind_key("cost.currency", TEMPER_MEMBER(cost.currency), "of the prices below", temper,
               {{}, {}, false}),
      bind_key("cost.price_per_core_hour", TEMPER_MEMBER(cost.price_per_core_hour),
               "what a core costs an hour", temper, price),
      bind_key("cost.price_per_kwh", TEMPER_MEMBER(cost.price_per_kwh), "what energy costs", temper,
               price),
      bind_key("cost.kg_co2_per_kwh", TEMPER_MEMBER(cost.kg_co2_per_kwh), "what energy emits",
               temper, price),
  };
}

}  // namespace

const std::vector<RunSpecKey>& run_spec_keys() {
  static const std::vector<RunSpecKey> keys = [] {
    std::vector<RunSpecKey> all = model_keys();
    for (auto& part : {data_keys(), train_keys(), objective_keys(), technique_keys(), lora_keys(),
                       generation_keys(), other_keys()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return keys;
}

const RunSpecKey* find_key(const std::string& name) {
  static const std::map<std::string, const RunSpecKey*> index = [] {
    std::map<std::string, const RunSpecKey*> map;
    for (const RunSpecKey& key : run_spec_keys()) map[key.name] = &key;
    return map;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const RunSpecKey& key : run_spec_keys()) names.push_back(key.name);
  return names;
}

Json to_json(const RunSpec& spec) {
  Json json = Json::object();
  for (const RunSpecKey& key : run_spec_keys()) {
    const std::size_t dot = key.name.find('.');
    json[key.name.substr(0, dot)][key.name.substr(dot + 1)] = key.get(spec);
  }
  return json;
}

Checked<RunSpec> run_spec_from_json(const Json& json) {
  RunSpec spec;
  Problems problems;
  for (const auto& [table, keys] : json.items())
    for (const auto& [name, value] : keys.items()) {
      const RunSpecKey* key = find_key(table + "." + name);
      if (key == nullptr)
        problems.push_back(
            {table + "." + name, "unknown key", "", did_you_mean(table + "." + name, key_names())});
      else
        for (Problem& problem : key->set(spec, value)) problems.push_back(std::move(problem));
    }
  if (!problems.empty()) return problems;
  return spec;
}

}  // namespace temper
