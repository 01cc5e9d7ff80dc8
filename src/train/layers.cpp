#include "train/layers.hpp"

#include "plan/lora_plan.hpp"

namespace temper {

StageOptions stage_options(const RunSpec& spec) {
  const std::string& what = spec.train.gradient_checkpointing;
  StageOptions options;
  options.recompute = what == "blocks"      ? Recompute::blocks
                      : what == "selective" ? Recompute::selective
                                            : Recompute::none;
  options.every = spec.train.gradient_checkpointing_every;
  if (spec.train.finetuning_type != "lora") return options;
  options.lora_scale = lora_scale(spec.lora);
  options.lora_dropout = spec.lora.lora_dropout;
  return options;
}

}  // namespace temper
