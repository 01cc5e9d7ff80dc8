// Which documents a step holds, and which data-parallel rank takes which: functions of (plan,
// step), never of the rank count beyond the cut itself, so that every layout minimises the same
// loss on the same documents in the same order.
//
// Position p of epoch e is document order(e)(p), a keyed permutation. Step s takes positions
// [s * global_batch, (s+1) * global_batch) of the running sequence over epochs. They are dealt to
// the dp ranks so that each gets nearly the same number of tokens (`deal_by_length`: losses are
// summed before they are divided, so who computes a document changes no result), and each rank cuts
// its share into even micro-batches, or into such that hold a budget of tokens. The last step of an
// epoch may be smaller (as with drop_last = false).
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
  // Instead of an even cut: a rank's share is cut in order, each micro-batch as many whole
  // documents as this many tokens hold (0: no budget). `micro_batches` is then what to expect.
  std::int64_t micro_batch_tokens = 0;
};

struct StepSlice {
  std::int64_t epoch = 0;
  Extent positions;  // positions in the epoch's order, of the whole step
};
// The documents of step `step` (from 0), as positions in its epoch.
StepSlice slice_of_step(const BatchPlan& plan, std::int64_t step);
// For each document of a step, the dp rank that computes it: longest first, each to the rank with
// the fewest tokens so far (Graham 1969, LPT), ties to the lowest; no rank stays empty while there
// are as many documents as ranks. The ranks' tokens differ by one document at most.
//   deal_by_length({9, 1, 8, 2}, 2)  ->  {0, 0, 1, 1}
std::vector<int> deal_by_length(const std::vector<std::int64_t>& lengths, int dp);
// A rank's documents cut into micro-batches: extents of `lengths`, each as many neighbours as
// `budget` tokens hold. A document longer than that is one by itself.
//   cut_by_tokens({3, 4, 5, 9}, 8)  ->  [0, 2) [2, 3) [3, 4)
std::vector<Extent> cut_by_tokens(const std::vector<std::int64_t>& lengths, std::int64_t budget);

}  // namespace temper
