// The one look at the test split that ends a search without a confirmation.
#pragma once

#include "jobscripts/run_context.hpp"

namespace temper {

// Evaluates the best trial's model on the test split and adds the metrics to its result. Returns
// false when that failed.
bool test_best_trial(RunContext& context, const Trial& best);

}  // namespace temper
