// What a study found: which setting is best, whether it really is, and how good it is.
//
//   const Findings findings = find(study, options);   // then page, JSON, tables, summary
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "analysis/calibration.hpp"
#include "analysis/report.hpp"
#include "analysis/report/cost.hpp"
#include "analysis/report/measurements.hpp"
#include "analysis/report/names.hpp"
#include "analysis/report/scaling.hpp"
#include "analysis/report/study_files.hpp"

namespace temper {

struct TrialFinding {
  Measurements metrics;  // "eval/macro_f1"; intervals where predictions are there
  std::string setting;   // "learning rate 0.0002"
  double objective = 0;  // NaN: not known
  std::optional<double> money;
};

// One claim of the family that Holm's correction covers.
struct Comparison {
  std::string first, second, split;  // systems by name
  std::string role;                  // baseline | runner-up
  PairedDifference difference;
  double accuracy_p_adjusted = 1, macro_f1_p_adjusted = 1;
  bool better() const { return accuracy_p_adjusted < 0.05 && gain() > 0; }
  double gain() const;
};

struct TargetFinding {
  std::string metric;
  double target = 0;
  Measured reached;  // NaN value: not measured
};

// A metric of the confirmed setting over its seeds.
struct SeedFinding {
  std::string metric;
  std::vector<double> values;
  double mean = 0, deviation = 0;
  Interval interval{};
};

struct Findings {
  StudyFiles study;
  std::string objective;
  bool more_is_better = true;
  std::vector<TrialFinding> trials;  // as study.trials
  std::vector<std::size_t> ranking;  // search trials that ended well, best first
  std::optional<std::size_t> best, runner_up;
  std::vector<std::size_t> final;    // trials of the best setting that count: confirmed, or best
  std::optional<std::size_t> shown;  // whose predictions are shown
  std::string shown_split;           // test | eval
  std::optional<Predictions> predictions;  // of `shown`
  std::optional<ProbabilityScores> probabilities;
  double calibration_by_chance = 0;
  std::vector<Comparison> comparisons;
  std::vector<std::pair<std::string, Measurements>> baselines;  // on shown_split
  std::vector<TargetFinding> targets;
  std::vector<SeedFinding> seeds;
  std::vector<std::string> searched_keys;
  Cost cost;
  Scaling scaling;
  bool complete = false;
  double confidence = 0.95;
  std::vector<std::string> warnings;
};

Findings find(StudyFiles study, const ReportOptions& options);

}  // namespace temper
