// The learning rate of each step, as Transformers' get_scheduler gives it.
#pragma once

#include <cstdint>

#include "plan/run_spec.hpp"
#include "sharding/batch_plan.hpp"

namespace temper {

// Of optimizer step `step`, from 0. Warm-up rises linearly from 0 (the first step of a warm-up
// moves nothing); `constant` knows no warm-up.
double learning_rate_at(const TrainSpec& train, const BatchPlan& batch, std::int64_t step);

}  // namespace temper
