#include "analysis/report/conclusions.hpp"

#include <cmath>
#include <limits>

namespace temper {

namespace {
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
}  // namespace

void judge_targets(Findings& f) {
  for (const auto& [metric, value] : object_in(f.study.study, "target").items()) {
    if (!value.is_number()) continue;
    TargetFinding target{metric, value.get<double>(), {kNone, kNone, kNone, "not measured"}};
    for (const std::size_t i : f.final)
      if (const auto found = f.trials[i].metrics.find(metric);
          std::isnan(target.reached.value) && found != f.trials[i].metrics.end())
        target.reached = found->second;
    f.targets.push_back(std::move(target));
  }
}

void over_seeds(Findings& f) {
  if (f.final.size() < 2) return;
  for (const std::string metric :
       {"test/accuracy", "test/macro_f1", "test/weighted_f1", "test/mse", "test/r2", "test/pearson",
        "test/perplexity", "test/token_accuracy", "eval/accuracy", "eval/macro_f1", "eval/loss",
        "eval/mse", "eval/r2", "eval/perplexity", "eval/token_accuracy"}) {
    SeedFinding seeds{metric};
    for (const std::size_t i : f.final)
      if (const auto found = f.trials[i].metrics.find(metric); found != f.trials[i].metrics.end())
        seeds.values.push_back(found->second.value);
    if (seeds.values.size() != f.final.size()) continue;
    seeds.mean = mean(seeds.values);
    seeds.deviation = standard_deviation(seeds.values);
    seeds.interval = t_interval(seeds.values, f.confidence);
    f.seeds.push_back(std::move(seeds));
  }
}

void tell_state(Findings& f) {
  std::int64_t open = 0;
  for (const TrialFiles& one : f.study.trials) {
    open += one.state == "planned" || one.state == "running";
    if (one.state == "failed")
      f.warnings.push_back("Trial " + one.id + " failed" +
                           (one.reason.empty() ? "." : ": " + one.reason));
  }
  if (open > 0)
    f.warnings.push_back("The study is not complete: " + std::to_string(open) +
                         " trials are still to run or to end.");
  else if (!f.complete)
    f.warnings.push_back("The study is not marked as complete: more trials may follow.");
  if (!f.predictions && !f.final.empty())
    f.warnings.push_back("There are no predictions: no confusion matrix, no intervals.");
  if (f.shown && f.shown_split == "eval")
    f.warnings.push_back(
        "No test predictions: scores are those of the eval split, on which the setting was "
        "chosen.");
}

}  // namespace temper
