// How jobs of `temper-rank` are run, whatever runs them: a few functions. `local_executor` starts
// them on this computer.
//
//   Executor executor = local_executor({.rank_program = rank_program_beside_this()});
//   const JobId job = executor.start({.name = "prepare", .arguments = {"prepare", ...}});
//   while (executor.poll(job).state == JobStatus::State::running) executor.wait(200);
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace temper {

struct JobRequest {
  std::string name;                    // for people: "trial 1f2e3d4c"
  std::vector<std::string> arguments;  // of temper-rank
  std::int64_t ranks = 1, threads_per_rank = 1;
  bool alone = false;         // nothing else runs beside it: ranks may be bound to cores
  std::filesystem::path log;  // what the job prints, appended
};

// What rank 0 said last about how far it is.
struct JobProgress {
  std::string label, unit, detail;
  std::int64_t done = 0, total = 0;
};

struct JobStatus {
  enum class State { running, ended };
  State state = State::running;
  int exit_code = 0;  // of an ended job, as shells tell it: 128 + n after signal n
  double seconds = 0;
  JobProgress progress;
};

using JobId = int;
enum class StopHow { gently, at_once };

struct Executor {
  // Returns when the job has been handed over. Throws WorldFailure: it cannot be started.
  std::function<JobId(const JobRequest&)> start;
  // Never waits.
  std::function<JobStatus(JobId)> poll;
  // Asks the job to end (it may save what it has), or ends it; returns at once.
  std::function<void(JobId, StopHow)> cancel;
  // What `start` would do, as a person would type it.
  std::function<std::string(const JobRequest&)> describe;
  // Returns when a job may have changed, a signal came, or after so many milliseconds.
  std::function<void(int milliseconds)> wait;
};

}  // namespace temper
