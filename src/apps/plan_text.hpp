// What `temper plan` prints: text at 80 columns for people, one JSON object for programs.
#pragma once

#include <string>

#include "experiments/study_plan.hpp"

namespace temper {

struct PlanTextOptions {
  bool all_trials = false;  // else the first 20 of a stage
};
std::string plan_text(const Study& study, const StudyPlan& plan, const PlanTextOptions& options);
Json plan_json(const Study& study, const StudyPlan& plan, const Machine& machine);

// Every key with its value, its default, where the manifest gives it, meaning and source.
std::string defaults_text(const Study& study);
Json defaults_json(const Study& study);

}  // namespace temper
