// The weights that a study starts from, checked on the login node before any job.
#pragma once

#include "experiments/study_plan.hpp"

namespace temper {

// Problems of the weight files that the stages' first trials read (io/weight_files.hpp), each once.
Problems check_weights(const StudyPlan& plan);

}  // namespace temper
