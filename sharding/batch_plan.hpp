// Which documents a step holds, and which data-parallel rank takes which: functions of (plan,
// step), never of the rank count beyond the cut itself, so that every layout minimises the same
// loss on the same documents in the same order.
//
// Position p of epoch e is document order(e)(p), a keyed permutation. Step s takes positions
// [s * global_batch, (s+1) * global_batch) of the running sequence over epochs; dp rank r takes the
// r-th even part of them, micro-batch i the i-th even part of those. The last step of an epoch may
// be smaller (as with drop_last = false).
#pragma once

#include <cstdint>
#include <vector>

#include "core/extent.hpp"

namespace temper {

struct BatchPlan {
  std::int64_t documents =
      0;  // training documents of an epoch (after max_train_samples); 0: not known yet
  std::int64_t global_batch = 8;     // documents a step
  std::int64_t micro_batches = 1;    // for each rank and step
  std::int64_t steps_per_epoch = 0;  // ceil(documents / global_batch)
  std::int64_t total_steps = 0;
  std::int64_t warmup_steps = 0;
};

struct StepSlice {
  std::int64_t epoch = 0;
  Extent positions;  // positions in the epoch's order, of the whole step
};
// The documents of step `step` (from 0), as positions in its epoch.
StepSlice slice_of_step(const BatchPlan& plan, std::int64_t step);
// The part of `slice` that dp rank `coordinate` of `dp` computes in micro-batch `micro_batch`. May
// be empty.
Extent micro_batch_of(const BatchPlan& plan, const StepSlice& slice, int dp, int coordinate,
                      std::int64_t micro_batch);

}  // namespace temper
