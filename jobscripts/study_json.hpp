// study.json: the study resolved, and what has been decided so far.
#pragma once

#include "experiments/study.hpp"
#include "jobscripts/study_folder.hpp"
#include "plan/plan_job.hpp"

namespace temper {

struct StudyProgress {
  std::vector<Trial> trials;  // decided so far
  std::string best;           // of the search; "" before it is known
  std::string store;          // path of the token store
  std::string created;
  bool complete = false;
};

Json study_json(const Study& study, const StudyProgress& progress, const Machine& machine);

}  // namespace temper
