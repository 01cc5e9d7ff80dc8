// What the parts of a study's run share while it goes on.
#pragma once

#include "experiments/study.hpp"
#include "experiments/trial_planner.hpp"
#include "jobscripts/campaign.hpp"
#include "jobscripts/job_queue.hpp"
#include "jobscripts/journal.hpp"
#include "jobscripts/study_folder.hpp"
#include "jobscripts/trial_history.hpp"

namespace temper {

struct RunContext {
  const Study& study;
  const StudyFolder folder;
  const Executor& executor;
  const Machine machine;
  Journal& journal;
  JobBar& bar;
  const StopSignals& stop;
  TrialPlanner& planner;
  Results& results;
  TrialHistories& histories;

  // Into the journal, and into what it tells.
  void note(const std::string& event, const Json& fields) {
    journal.append(event, fields);
    add_event(histories, journal.events().back());
  }

  QueueLimits limits() const {
    return {.cores = machine.cores, .parallel = study.cluster.max_parallel_trials};
  }
};

}  // namespace temper
