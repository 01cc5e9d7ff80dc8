// The token store of a trial, prepared by all cores when it is not there.
#pragma once

#include "experiments/trial_planner.hpp"
#include "jobscripts/job_queue.hpp"

namespace temper {

// Runs `temper-rank prepare` to its end; `anew`: even where a store is there (the old one stays
// until the new one is whole). Returns the seconds it took, 0 when there was nothing to do. Throws
// WorldFailure with the job's outcome and its words.
double prepare_store(const StoreFiles& store, bool anew, std::int64_t cores,
                     const Executor& executor, JobBar& bar, const StopSignals& stop);

}  // namespace temper
