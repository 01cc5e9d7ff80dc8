// A whole study before anything runs: stages, trials, what each will take. What `temper plan`
// prints.
//
//   const Checked<StudyPlan> plan = plan_study(study, this_machine());
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/study.hpp"
#include "experiments/trial_planner.hpp"

namespace temper {

// What one trial will take.
struct TrialEstimate {
  std::int64_t ranks = 1, threads_per_rank = 1;
  std::int64_t documents_per_step = 0, micro_batches = 1, steps = 0;
  std::int64_t rank_bytes = 0;  // of the fullest rank
  double flops = 0, seconds = 0;
  double core_hours() const { return double(ranks * threads_per_rank) * seconds / 3600; }
};

struct StagePlan {
  std::string name;  // search | single | confirm | scale
  std::vector<Trial> trials;
  std::vector<TrialEstimate> estimates;  // of each trial
  // The JobPlan of the first trial: units, memory, FLOPs. Stages after a search are planned with
  // the search's first setting in place of the best, which is not known yet.
  JobPlan first;
  double seconds = 0, core_hours = 0;  // of all trials; seconds of the machine, side by side
};

struct StudyPlan {
  std::vector<StagePlan> stages;
  DataFacts facts;   // of the first trial's data
  StoreFiles store;  // of the first trial
  double seconds = 0, core_hours = 0;
  std::int64_t trials() const;
};

// Problems: those of every trial, each once; of a problem that only some trials have, which.
Checked<StudyPlan> plan_study(const Study& study, const Machine& machine);

// Trials of this shape that run side by side on the machine.
std::int64_t trials_side_by_side(const ClusterSpec& cluster, const Machine& machine,
                                 std::int64_t ranks, std::int64_t threads_per_rank);

}  // namespace temper
