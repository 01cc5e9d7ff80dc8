// outcome.json: how an attempt ended, what it reached and what it took.
#pragma once

#include "train/loop.hpp"
#include "train/machine_use.hpp"

namespace temper {

struct JobUse {
  std::int64_t peak_memory_bytes = 0;   // of the fullest rank
  std::optional<double> energy_joules;  // of all computers; nothing where one does not tell
  MatrixUse matrix;                     // operations of all ranks, seconds of their mean
};

// `meter` has run since the rank began. Collective over `world`.
JobUse measure_use(const Group& world, const EnergyMeter& meter, const RunReport& report);

// {"start/loss": ..., "eval/loss": ..., "test/macro_f1": ...}
Json metrics_json(const RunReport& report);
Json outcome_json(const RunReport& report, const JobUse& use);

}  // namespace temper
