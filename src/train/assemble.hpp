// Before a run: all ranks hold the same plan, and the plan fits the store.
#pragma once

#include "mpi/group.hpp"
#include "plan/job_plan.hpp"
#include "plan/store_card.hpp"

namespace temper {

// Throws AgreedFailure when a rank read another plan, or when the job has another number of ranks
// than the plan. Collective over `world`.
void agree_on_plan(const Group& world, const JobPlan& plan);

// Every reason why this store cannot feed this plan: classes, vocabulary, lengths, sizes, splits,
// an objective that is not measured. Empty when it can. `needs_training`: not for `test`.
Problems check_store(const JobPlan& plan, const StoreCard& card, bool needs_training);

}  // namespace temper
