// How an attempt ended: what its outcome.json says, or, where the job left none, what its exit
// status and its log tell. Success needs the file.
#pragma once

#include <filesystem>
#include <string>

#include "core/json.hpp"
#include "core/outcome.hpp"
#include "jobscripts/executor.hpp"

namespace temper {

struct AttemptEnd {
  Outcome outcome = Outcome::bug;
  std::string reason;  // one sentence or a list of problems; empty when done
  double seconds = 0;
  Json record;  // outcome.json
};

// Reads attempt/outcome.json, or writes it from the job's status. `stopped`: a signal ended the
// job; then anything but "done" is "interrupted". Throws WorldFailure.
AttemptEnd settle_attempt(const std::filesystem::path& attempt, const JobStatus& status,
                          bool stopped);

// The outcome that an exit status means: 128 + n is a lost rank.
Outcome outcome_of_exit_status(int code);

// What a job's log says about its failure: the message of temper-rank, else the last lines; ""
// when there is nothing.
std::string failure_of_log(const std::filesystem::path& log);

// Whether another try may end otherwise: lost ranks, memory, the world's failures.
bool worth_a_retry(Outcome outcome);

}  // namespace temper
