// Trials to their ends: attempts, retries, results.
#pragma once

#include "jobscripts/run_context.hpp"

namespace temper {

// Runs those of the trials that are not over; their results are in `context.results` then. A trial
// that fails leaves the others running, except where a second one fails in the same way for a
// reason that lies with the input or with us: then the study ends with that outcome. Throws
// WorldFailure (130 after a signal).
void run_trials(RunContext& context, const std::vector<Trial>& trials);

}  // namespace temper
