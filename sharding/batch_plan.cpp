#include "sharding/batch_plan.hpp"

#include <algorithm>

#include "core/contract.hpp"

namespace temper {

StepSlice slice_of_step(const BatchPlan& plan, std::int64_t step) {
  expects(plan.steps_per_epoch > 0, "a batch plan without documents");
  const std::int64_t epoch = step / plan.steps_per_epoch, within = step % plan.steps_per_epoch;
  const std::int64_t begin = within * plan.global_batch;
  return {epoch, {begin, std::min(plan.documents, begin + plan.global_batch)}};
}

Extent micro_batch_of(const BatchPlan& plan, const StepSlice& slice, int dp, int coordinate,
                      std::int64_t micro_batch) {
  const Extent mine = even_part(slice.positions.size(), dp, coordinate);
  const Extent part = even_part(mine.size(), plan.micro_batches, micro_batch);
  const std::int64_t begin = slice.positions.begin + mine.begin + part.begin;
  return {begin, begin + part.size()};
}

}  // namespace temper
