// One optimizer step on this rank: micro-batches forward and backward, then one update.
//
//   Trainer trainer(plan, train_split, units, {stage, head}, dp);
//   const StepResult result = trainer.step(0, /*stop=*/false);
#pragma once

#include "train/batch_source.hpp"
#include "train/layers.hpp"
#include "train/objective.hpp"
#include "train/optimizer.hpp"

namespace temper {

// Global sums of a step; seconds and phases are this rank's.
struct StepResult {
  double loss_sum = 0, loss_weight = 0, grad_norm = 0, learning_rate = 0;
  // loss_tokens: that have a target (documents, where each has one label).
  std::int64_t documents = 0, tokens = 0, loss_tokens = 0, bytes_sent = 0;
  bool skipped = false;  // a number was not finite
  bool stop = false;     // some rank was asked to stop
  double seconds = 0;
  Phases phases;
  MatrixUse matrix;  // of this rank

  double loss() const { return loss_weight > 0 ? loss_sum / loss_weight : 0; }
};

class Trainer {
 public:
  // All outlive this.
  Trainer(const JobPlan& plan, const DocumentSource& train, ParamUnits& units, const Layers& layers,
          const Group& dp);

  // Step `step` from 0. `stop`: this rank was asked to stop; every rank learns it. A step without
  // any target moves nothing and has a loss of 0. Collective over: dp.
  StepResult step(std::int64_t step, bool stop);
  // Before the weights are read otherwise. Local.
  void settle() { optimizer_.settle(); }

 private:
  void micro_batch(const std::vector<std::int64_t>& documents, std::int64_t step, StepResult& mine);
  // Sums over the ranks; what is waited here is the time that others took longer.
  void agree(StepResult& result, bool stop);

  const JobPlan& plan_;
  const Stage& stage_;
  const Group& dp_;
  BatchSource source_;
  Objective objective_;
  Optimizer optimizer_;
};

}  // namespace temper
