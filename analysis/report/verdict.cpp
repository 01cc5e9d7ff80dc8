#include <cmath>

#include "analysis/report/format.hpp"
#include "analysis/report/page.hpp"
#include "analysis/report/tables.hpp"
#include "core/progress.hpp"

namespace temper {
namespace {

std::string difference_text(const Findings& f, const Measured& m) {
  if (f.study.kind() != PredictionKind::classes)
    return number_text(m.value) +
           (f.study.kind() == PredictionKind::values ? " less squared error ("
                                                     : " nats a token less loss (") +
           number_text(m.low) + " to " + number_text(m.high) + ")";
  return points_text(m.value) + " points of accuracy (" + points_text(m.low) + " to " +
         points_text(m.high) + ")";
}

std::string better_sentence(const Findings& f, const Comparison& one) {
  const bool runner_up = one.role == "runner-up";
  const std::string other = runner_up ? "the runner-up (" + one.second + ")" : one.second;
  std::string against =
      difference_text(f, one.difference.accuracy) + ", " + p_text(one.accuracy_p_adjusted);
  if (one.better()) return "Better than " + other + ": " + against + ".";
  if (one.accuracy_p_adjusted < 0.05) return "Worse than " + other + ": " + against + ".";
  return "Not shown to be better than " + other + ": " + against + ".";
}

std::string score_sentence(const Findings& f) {
  if (!f.shown && f.final.empty()) return "";
  const std::size_t i = f.shown ? *f.shown : f.final.front();
  const std::string split = f.shown ? f.shown_split : "eval";
  std::string text;
  for (const char* metric :
       {"accuracy", "macro_f1", "mse", "r2", "pearson", "perplexity", "token_accuracy"}) {
    const auto found = f.trials[i].metrics.find(split + "/" + metric);
    if (found == f.trials[i].metrics.end()) continue;
    const Measured& m = found->second;
    text += (text.empty() ? "" : ", ") + metric_name(metric) + " " +
            metric_text(metric, m.value, m.low, m.high);
  }
  return text.empty() ? "" : (split == "test" ? "Test: " : "Eval: ") + text + ".";
}

std::string target_sentence(const Findings& f) {
  std::string text;
  for (const TargetFinding& target : f.targets) {
    text += (text.empty() ? "" : " ");
    const std::string what =
        metric_name(target.metric) + " " + metric_text(target.metric, target.target);
    const bool up = more_is_better_of(target.metric);
    const double value = target.reached.value;
    const double sure = up ? target.reached.low : target.reached.high;
    if (std::isnan(value))
      text += "Target " + what + ": not measured.";
    else if (up ? value < target.target : value > target.target)
      text += "Target " + what + ": missed.";
    else
      text += "Target " + what + ": reached" +
              (!std::isnan(sure) && (up ? sure < target.target : sure > target.target)
                   ? ", but its interval reaches below it."
                   : ".");
  }
  return text;
}

}  // namespace

Verdict verdict_of(const Findings& f) {
  Verdict verdict;
  if (f.final.empty()) {
    verdict.best = f.complete ? "No trial ended well." : "No trial has ended yet.";
  } else {
    verdict.best = f.best && !f.searched_keys.empty() ? f.trials[*f.best].setting
                                                      : "One setting, as in the manifest";
    verdict.score = score_sentence(f);
  }
  for (const Comparison& one : f.comparisons)
    verdict.better += (verdict.better.empty() ? "" : "\n") + better_sentence(f, one);
  if (f.comparisons.empty() && f.best && f.runner_up)
    verdict.better = "Not tested: there are no predictions of both on the same rows.";
  else if (f.comparisons.empty())
    verdict.better = "There is nothing to compare with.";
  verdict.cost = number_text(f.cost.total.core_hours, 3) + " core-hours, " +
                 duration_text(f.cost.total.seconds) + " of jobs";
  if (f.cost.money) {
    const int decimals = *f.cost.money < 0.1 ? 4 : 2;
    verdict.cost += ", " + fixed_text(*f.cost.money, decimals) + " " + f.cost.currency;
  }
  verdict.cost += f.cost.energy_joules
                      ? ", " + number_text(*f.cost.energy_joules / 3.6e6, 3) + " kWh."
                      : ". Energy: not measured (this computer shows no counter).";
  if (f.cost.kg_co2) verdict.cost += " " + number_text(*f.cost.kg_co2, 3) + " kg CO2e.";
  verdict.target = target_sentence(f);
  verdict.decided = !f.comparisons.empty();
  for (const Comparison& one : f.comparisons) verdict.decided &= one.better();
  return verdict;
}

}  // namespace temper
