// A study from its manifest to its end on some executor: data, search, confirmation, scaling, test.
// Killed at any point and called again, it continues: what is over stays over.
//
//   const RunReport report = run_study(study, executor, this_machine());
#pragma once

#include "core/outcome.hpp"
#include "experiments/study.hpp"
#include "jobscripts/executor.hpp"
#include "plan/plan_job.hpp"

namespace temper {

struct RunReport {
  Outcome outcome = Outcome::done;  // done, or failed_trials
  bool was_complete = false;        // nothing was left to do
};

// Throws BadInput (64) for what can be known before a job starts, WorldFailure otherwise; 130 after
// a signal. Progress goes to standard error.
RunReport run_study(const Study& study, const Executor& executor, const Machine& machine);

}  // namespace temper
