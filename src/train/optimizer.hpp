// From the gradients that the ranks computed to new weights: reduce, norm, clip, AdamW, gather.
//
// | stage | gradients | moments | weights |
// | --- | --- | --- | --- |
// | 0 | all-reduced | whole | whole |
// | 1 | reduce-scattered | own part | all-gathered after the update |
//
// Both stages add in rank order and take the norm from the same parts, so their bits are equal.
#pragma once

#include <optional>

#include "mpi/group.hpp"
#include "train/param_units.hpp"
#include "train/phases.hpp"
#include "train/sparse_rows.hpp"

namespace temper {

struct Update {
  double grad_norm = 0;  // of the mean loss, before clipping
  bool skipped = false;  // a number was not finite: nothing moved, on any rank
};

class Optimizer {
 public:
  // `units` outlive this.
  Optimizer(const JobPlan& plan, ParamUnits& units);

  // Local: before the forward of each micro-batch.
  void read(const PackedBatch& batch);
  // `loss_weight` is that of the whole step: the gradients are those of the loss's sum. Collective
  // over: dp. Leaves the gradients zero.
  Update step(double learning_rate, double loss_weight, bool loss_is_finite, const Group& dp,
              Phases& phases);
  // Makes the weights what dense AdamW would have made them, before they are read otherwise.
  void settle();

 private:
  void reduce(const Group& dp);
  // Square of the norm of the summed gradient, each element once. Collective over: dp.
  SquareSum squares(const Group& dp) const;
  void update(const AdamWStep& step);
  void gather(const Group& dp);
  void clear();

  TrainSpec train_;
  std::int64_t zero_stage_, updates_ = 0;
  ParamUnits& units_;
  std::optional<SparseRows> rows_;
};

}  // namespace temper
