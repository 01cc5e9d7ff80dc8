// Runs jobs one after another or side by side, as the cores allow, until all have ended or a signal
// stops them.
//
//   run_jobs({task}, {.cores = 2}, executor, bar, stop);
#pragma once

#include <vector>

#include "jobscripts/executor.hpp"
#include "jobscripts/job_bar.hpp"
#include "jobscripts/stop_signals.hpp"

namespace temper {

// One job that may have to be tried more than once.
struct JobTask {
  std::int64_t cores = 1;  // ranks x threads
  bool alone = false;      // nothing runs beside it, whatever the cores
  std::function<JobRequest()> begin;
  // What became of it; true: try again. `stopped`: a signal ended it.
  std::function<bool(const JobStatus& status, bool stopped)> end;
};

struct QueueLimits {
  std::int64_t cores = 1;
  std::int64_t parallel = 0;  // jobs side by side; 0: as the cores allow
  double grace_seconds = 10;  // between a gentle stop and an end at once
};

// Tasks begin in order. When `end` throws, the other jobs are stopped first. Throws WorldFailure
// (130) after a signal.
void run_jobs(std::vector<JobTask> tasks, const QueueLimits& limits, const Executor& executor,
              JobBar& bar, const StopSignals& stop);

}  // namespace temper
