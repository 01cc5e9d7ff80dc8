#include "plan/technique_keys.hpp"

#include "plan/bind_key.hpp"

namespace temper {

std::vector<RunSpecKey> technique_keys() {
  const std::string ta = "TrainingArguments", temper = "Temper", factory = "LLaMA-Factory";
  KeyLimits checkpointing{.allowed = {"none", "blocks", "selective"}, .decides_result = false};
  checkpointing.when_true = "blocks", checkpointing.when_false = "none";
  return {
      bind_key("train.finetuning_type", TEMPER_MEMBER(train.finetuning_type),
               "all weights, adapters, all but what train.freeze names, or the head alone", factory,
               {.allowed = {"full", "lora", "freeze", "head"}, .later = {"qlora", "oft"}}),
      bind_key("train.freeze", TEMPER_MEMBER(train.freeze),
               "patterns of tensor names that stay as they are; one that begins with ! is an "
               "exception",
               temper),
      bind_key("train.layerwise_lr_decay", TEMPER_MEMBER(train.layerwise_lr_decay),
               "learning rate of a layer as a share of the next one's", "timm", {{}, {0, 1, true}}),
      bind_key("train.gradient_checkpointing", TEMPER_MEMBER(train.gradient_checkpointing),
               "what is computed again instead of kept; true: blocks", ta, checkpointing),
      bind_key("train.gradient_checkpointing_every",
               TEMPER_MEMBER(train.gradient_checkpointing_every),
               "blocks: every n-th keeps its input alone", temper, {{}, kCount, false}),
      bind_key("train.lr_scheduler_type", TEMPER_MEMBER(train.lr_scheduler_type),
               "course of the learning rate", ta,
               {.allowed = {"linear", "cosine", "cosine_with_min_lr", "polynomial", "constant",
                            "constant_with_warmup"},
                .later = {"cosine_with_restarts", "inverse_sqrt", "wsd", "reduce_lr_on_plateau"}}),
      bind_key("train.min_lr", TEMPER_MEMBER(train.min_lr), "where cosine_with_min_lr ends",
               "Transformers", {{}, kNotNegative}),
      bind_key("train.min_lr_rate", TEMPER_MEMBER(train.min_lr_rate),
               "the same as a share of the learning rate", "Transformers", {{}, kShare}),
      bind_key("train.lr_end", TEMPER_MEMBER(train.lr_end), "where polynomial ends (1e-7)",
               "Transformers", {{}, kNotNegative}),
      bind_key("train.lr_power", TEMPER_MEMBER(train.lr_power), "exponent of polynomial (1)",
               "Transformers", {{}, kPositive}),
      bind_key("train.z_loss", TEMPER_MEMBER(train.z_loss),
               "weight of log(Z)^2, which keeps a language model's logits small", "PaLM",
               {{}, kNotNegative}),
      bind_key("train.eval_on_start", TEMPER_MEMBER(train.eval_on_start),
               "evaluate the untouched model too", ta),
  };
}

std::vector<RunSpecKey> lora_keys() {
  const std::string peft = "LoraConfig";
  return {
      bind_key("lora.adapter_name_or_path", TEMPER_MEMBER(lora.adapter_name_or_path),
               "start from this PEFT directory", "LLaMA-Factory"),
      bind_key("lora.r", TEMPER_MEMBER(lora.r), "rank of the adapters", peft, {{}, kCount}),
      bind_key("lora.lora_alpha", TEMPER_MEMBER(lora.lora_alpha), "adapters count alpha / r", peft,
               {{}, kPositive}),
      bind_key("lora.lora_dropout", TEMPER_MEMBER(lora.lora_dropout),
               "dropout of the adapters' inputs", peft, {{}, {0, 0.999}}),
      bind_key("lora.target_modules", TEMPER_MEMBER(lora.target_modules),
               "\"all-linear\", last parts of module names, or one regular expression", peft),
      bind_key("lora.modules_to_save", TEMPER_MEMBER(lora.modules_to_save),
               "modules that are trained whole", peft),
      bind_key("lora.use_rslora", TEMPER_MEMBER(lora.use_rslora), "adapters count alpha / sqrt(r)",
               peft),
      bind_key("lora.init_lora_weights", TEMPER_MEMBER(lora.init_lora_weights),
               "how adapters begin", peft,
               {.allowed = {"default", "gaussian", "zero"},
                .later = {"pissa", "olora", "eva"},
                .when_true = "default"}),
  };
}

void check_technique(const RunSpec& spec, Problems& problems) {
  const TrainSpec& t = spec.train;
  const auto add = [&](const char* key, const std::string& what, const std::string& remedy) {
    problems.push_back({key, what, "", remedy});
  };
  if (t.finetuning_type == "freeze" && t.freeze.empty())
    add("train.freeze", "is missing for finetuning_type = \"freeze\"",
        "Name what stays, for example [\"layers.0\", \"embed_tokens\"].");
  const bool minimum = t.lr_scheduler_type == "cosine_with_min_lr";
  if (minimum && t.min_lr.has_value() == t.min_lr_rate.has_value())
    add("train.min_lr",
        t.min_lr ? "is given beside min_lr_rate" : "is missing for \"cosine_with_min_lr\"",
        "Give one of train.min_lr and train.min_lr_rate.");
  if (minimum && t.min_lr.value_or(0) > t.learning_rate)
    add("train.min_lr", "is more than train.learning_rate", "Use less.");
  if (!minimum && (t.min_lr || t.min_lr_rate))
    add(t.min_lr ? "train.min_lr" : "train.min_lr_rate",
        "is for lr_scheduler_type = \"cosine_with_min_lr\"", "Leave it out.");
  const bool polynomial = t.lr_scheduler_type == "polynomial";
  if (polynomial && t.lr_end.value_or(1e-7) >= t.learning_rate)
    add("train.lr_end", "is not less than train.learning_rate", "Use less.");
  if (!polynomial && (t.lr_end || t.lr_power))
    add(t.lr_end ? "train.lr_end" : "train.lr_power", "is for lr_scheduler_type = \"polynomial\"",
        "Leave it out.");
  if (t.gradient_checkpointing != "blocks" && t.gradient_checkpointing_every != 1)
    add("train.gradient_checkpointing_every", "is for gradient_checkpointing = \"blocks\"",
        "Leave it out.");
  const bool language = spec.model.task == "causal-lm" || spec.model.task == "masked-lm";
  if (t.z_loss != 0 && !language) add("train.z_loss", "is for language models", "Leave it out.");
  const bool evaluates =
      !spec.data.validation_file.empty() || (spec.data.split && spec.data.split->validation > 0);
  if (t.eval_on_start && !evaluates)
    add("train.eval_on_start", "needs an eval split", "Add data.validation_file or data.split.");
}

}  // namespace temper
