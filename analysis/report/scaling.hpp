// What the scale trials say: step time of each layout, speed-up and efficiency with intervals.
#pragma once

#include <string>
#include <vector>

#include "analysis/report/study_files.hpp"
#include "analysis/statistics/intervals.hpp"

namespace temper {

// One layout over its repeats. The value of a job is the median of its steps after warm-up: steps
// inside a job depend on each other, so intervals come from jobs.
struct ScalingPoint {
  std::string layout;  // "dp2", "zero0-dp4"
  std::int64_t ranks = 1, threads_per_rank = 1, repeats = 0;
  double step_seconds = 0;  // median over jobs
  Interval step_interval{};
  double tokens_per_second = 0;
  double speed_up = 0, efficiency = 0;  // against the smallest layout
  Interval speed_up_interval{}, efficiency_interval{};
  double variation = 0;  // standard deviation / mean over jobs
};

struct Scaling {
  std::string kind = "strong";
  std::vector<ScalingPoint> points;  // by ranks
  std::vector<std::string> notes;    // what to beware of
};

Scaling measure_scaling(const StudyFiles& study, double confidence);

}  // namespace temper
