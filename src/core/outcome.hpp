// How a process ends. The numbers are the exit codes that users' scripts rely on; 75 asks Slurm to
// requeue.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

namespace temper {

enum class Outcome : int {
  done = 0,
  failed_trials = 1,  // the study finished, some of its trials did not
  bad_manifest = 64,
  nothing_fits = 65,
  bug = 70,
  io_error = 74,
  stopped_with_checkpoint = 75,
  diverged = 76,
  lost_rank = 77,
  rung_reached = 79,
  out_of_memory = 87,
  interrupted = 130,
};

inline int exit_code(Outcome outcome) { return static_cast<int>(outcome); }
// "done", "failed_trials", ...
std::string to_string(Outcome outcome);
// The outcome of that exit code; `bug` for a code that is none of ours.
Outcome outcome_of_exit_code(int code);

// The world failed: disk, network, device. The message holds the path, the rank where known, and
// the system's words.
class WorldFailure : public std::runtime_error {
 public:
  WorldFailure(Outcome outcome, const std::string& message)
      : std::runtime_error(message), outcome_(outcome) {}
  Outcome outcome() const { return outcome_; }

 private:
  Outcome outcome_;
};

// `io_failure("cannot write", "/scratch/x.h5", errno)`: "cannot write /scratch/x.h5: No space left
// on device".
WorldFailure io_failure(const std::string& what, const std::string& path, int error_number);

// What the exception in flight means: call inside a catch block. Fills `reason` with its message.
Outcome outcome_of_current_exception(std::string& reason);

// The exit code that `run` returns, or that of the exception it ends with, which is printed to
// standard error behind the program's name: the body of a main.
int exit_code_of(const std::string& program, const std::function<int()>& run);

}  // namespace temper
