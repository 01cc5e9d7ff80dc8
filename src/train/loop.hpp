// The course of a run: steps, evaluations, the best state, early stopping, the end.
//
//   const RunReport report = run_loop(job, records, progress_sink);
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/outcome.hpp"
#include "core/progress.hpp"
#include "train/records.hpp"

namespace temper {

struct Splits {
  const DocumentSource *train = nullptr, *eval = nullptr, *test = nullptr;  // null: there is none
};

// Everything a run works on. Holds references only.
struct Job {
  const JobPlan& plan;
  Splits splits;
  ParamUnits& units;
  Layers layers;
  const Group& dp;
};

struct RunReport {
  Outcome outcome = Outcome::done;
  std::string reason;
  std::int64_t steps = 0, best_step = 0, tokens = 0, documents = 0;
  double setup_seconds = 0;  // process start to the end of the first step
  Phases phases;             // sums of this rank
  MatrixUse matrix;          // of this rank, while training
  double evaluation_seconds = 0;
  Evaluation start;       // of the untouched model (train.eval_on_start)
  Evaluation eval, test;  // of the state that is the result; empty where not evaluated
};

// Trains to the end and leaves the units holding the state that is the result. Collective over: dp.
RunReport run_loop(const Job& job, Records& records, ProgressSink sink);

}  // namespace temper
