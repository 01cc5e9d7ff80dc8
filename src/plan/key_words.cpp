#include <algorithm>
#include <map>

#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

const std::map<std::string, std::string>& aliases() {
  static const std::map<std::string, std::string> map{
      {"train.lr", "train.learning_rate"},
      {"train.lr_decay_style", "train.lr_scheduler_type"},
      {"train.micro_batch_size", "train.per_device_train_batch_size"},
      {"train.train_micro_batch_size_per_gpu", "train.per_device_train_batch_size"},
      {"train.train_batch_size", "train.global_batch_size"},
      {"train.train_iters", "train.max_steps"},
      {"train.layer_decay", "train.layerwise_lr_decay"},
      {"train.recompute_granularity", "train.gradient_checkpointing"},
      {"train.activation_checkpointing", "train.gradient_checkpointing"},
      {"train.min_learning_rate", "train.min_lr"},
      {"train.clip_grad", "train.max_grad_norm"},
      {"train.gradient_clipping", "train.max_grad_norm"},
      {"train.adam_eps", "train.adam_epsilon"},
      {"train.lr_warmup_iters", "train.warmup_steps"},
      {"train.lr_warmup_fraction", "train.warmup_ratio"},
      {"train.label_smoothing", "train.label_smoothing_factor"},
      {"train.eval_interval", "train.eval_steps"},
      {"train.evaluation_strategy", "train.eval_strategy"},
      {"train.log_interval", "train.logging_steps"},
      {"parallel.tensor_model_parallel_size", "parallel.tensor_parallel_size"},
      {"parallel.pipeline_model_parallel_size", "parallel.pipeline_parallel_size"},
      {"model.hidden_dropout_prob", "model.hidden_dropout"},
      {"model.attention_dropout", "model.attn_dropout"},
      {"model.attention_probs_dropout_prob", "model.attn_dropout"},
      {"lora.rank", "lora.r"},
      {"lora.lora_r", "lora.r"},
      {"lora.lora_rank", "lora.r"},
      {"lora.alpha", "lora.lora_alpha"},
      {"lora.dropout", "lora.lora_dropout"},
      {"lora.lora_target", "lora.target_modules"},
      {"data.seq_length", "data.max_length"},
      {"data.max_seq_length", "data.max_length"},
      {"data.max_seq_len", "data.max_length"},
      {"data.eval_file", "data.validation_file"},
      {"study.metric_for_best_model", "study.objective"}};
  return map;
}

const std::vector<std::string>& reserved() {
  static const std::vector<std::string> keys{"train.fp16",
                                             "parallel.virtual_pipeline_stages",
                                             "parallel.pipeline_schedule",
                                             "parallel.sequence_parallel",
                                             "parallel.layout",
                                             "parallel.check_collectives",
                                             "checkpoint.save_steps",
                                             "checkpoint.save_seconds",
                                             "checkpoint.save_total_limit",
                                             "checkpoint.save_strategy",
                                             "checkpoint.save_on_signal",
                                             "checkpoint.resume_from_checkpoint",
                                             "checkpoint.on_save_failure",
                                             "checkpoint.strategy",
                                             "checkpoint.data_files",
                                             "search.asha",
                                             "search.constraints",
                                             "cost.price_per_node_hour",
                                             "cost.price_per_gpu_hour",
                                             "budget",
                                             "cluster.partition",
                                             "cluster.account",
                                             "cluster.time",
                                             "cluster.nodes",
                                             "cluster.ranks_per_node",
                                             "cluster.pack_trials",
                                             "cluster.extra"};
  return keys;
}

}  // namespace

std::string alias_target(const std::string& name) {
  std::string plain = name;
  std::replace(plain.begin(), plain.end(), '-', '_');
  const auto found = aliases().find(plain);
  if (found != aliases().end()) return found->second;
  return plain != name && find_key(plain) != nullptr ? plain : "";
}

bool is_reserved_key(const std::string& name) {
  return std::any_of(reserved().begin(), reserved().end(), [&](const std::string& word) {
    return name == word || name.starts_with(word + ".");
  });
}

const std::vector<std::string>& reserved_keys() { return reserved(); }

}  // namespace temper
