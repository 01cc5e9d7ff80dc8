// What a step minimises: from the last hidden states of a micro-batch to the loss's sum and its
// gradient. A step divides by the weight of all micro-batches and ranks once.
//
//   const Objective objective(plan, head);
//   const ObjectiveResult result = objective.train(hidden, batch, saved.matrix);
//   stage.backward(result.d_hidden, batch, seed, saved);
#pragma once

#include "model/head.hpp"
#include "plan/job_plan.hpp"

namespace temper {

struct ObjectiveResult {
  double loss_sum = 0, loss_weight = 0;
  std::int64_t loss_tokens = 0;  // that have a target: tokens, or documents with a label
  at::Tensor d_hidden;  // [tokens, hidden], of the sum; undefined: nothing below is trained
};

class Objective {
 public:
  // `head` outlives this.
  Objective(const JobPlan& plan, const Head& head);

  // hidden [tokens, hidden]. Head forward, loss, and head backward, whose gradients are added to
  // the table's. Language models go through in chunks of tokens. Local.
  ObjectiveResult train(const at::Tensor& hidden, const PackedBatch& batch, MatrixUse& use) const;

 private:
  ObjectiveResult train_language(const at::Tensor& hidden, const PackedBatch& batch,
                                 MatrixUse& use) const;
  ObjectiveResult train_outputs(const at::Tensor& hidden, const PackedBatch& batch,
                                MatrixUse& use) const;

  const Head& head_;
  HeadKind kind_;
  bool regression_;
  TrainSpec train_;
};

}  // namespace temper
