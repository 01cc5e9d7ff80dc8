// The layers of a rank, as training and evaluation use them.
#pragma once

#include "model/head.hpp"
#include "model/stage.hpp"
#include "plan/run_spec.hpp"

namespace temper {

// Holds references only.
struct Layers {
  const Stage& stage;
  const Head& head;
};

// train.gradient_checkpointing and [lora], as the stage takes them.
StageOptions stage_options(const RunSpec& spec);

}  // namespace temper
