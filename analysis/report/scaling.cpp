#include "analysis/report/scaling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "analysis/report/format.hpp"

namespace temper {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Jobs {
  std::map<std::int64_t, double> step_seconds, tokens_per_second;  // by repeat
};

std::int64_t zero_stage_of(const TrialFiles& trial) {
  return std::int64_t(number_in(trial.setting, "parallel.zero_stage",
                                number_in(object_in(trial.spec, "parallel"), "zero_stage", 1)));
}

void add_job(Jobs& jobs, const TrialFiles& trial, std::int64_t warmup) {
  std::vector<double> seconds, rates;
  for (const StepRecord& step : trial.steps_taken)
    if (step.step > warmup && step.seconds > 0) {
      seconds.push_back(step.seconds);
      rates.push_back(double(step.tokens) / step.seconds);
    }
  if (seconds.empty()) return;
  jobs.step_seconds[trial.repeat] = median(seconds);
  jobs.tokens_per_second[trial.repeat] = median(rates);
}

std::vector<double> values_of(const std::map<std::int64_t, double>& by_repeat) {
  std::vector<double> values;
  for (const auto& [repeat, value] : by_repeat) values.push_back(value);
  return values;
}

// Paired by repeat: repeats run in blocks, so drift of the computer hits both sides alike.
SpeedUp speed_up_of(const Jobs& base, const Jobs& other, double confidence) {
  std::vector<double> a, b;
  for (const auto& [repeat, seconds] : base.step_seconds)
    if (const auto found = other.step_seconds.find(repeat); found != other.step_seconds.end()) {
      a.push_back(seconds);
      b.push_back(found->second);
    }
  if (a.empty()) return {kNone, {kNone, kNone, "no common repeat"}};
  return paired_speed_up(a, b, confidence);
}

void compare_with_base(ScalingPoint& point, const Jobs& base, const Jobs& jobs,
                       std::int64_t base_ranks, bool strong, double confidence) {
  const SpeedUp ratio = speed_up_of(base, jobs, confidence);
  const double factor = double(point.ranks) / double(base_ranks);
  // Weak scaling does `factor` times the work of the base in a step.
  const double to_speed_up = strong ? 1 : factor, to_efficiency = strong ? 1 / factor : 1;
  const auto scaled = [&](double by) {
    return Interval{ratio.interval.low * by, ratio.interval.high * by, ratio.interval.method};
  };
  point.speed_up = ratio.value * to_speed_up;
  point.speed_up_interval = scaled(to_speed_up);
  point.efficiency = ratio.value * to_efficiency;
  point.efficiency_interval = scaled(to_efficiency);
}

void add_notes(Scaling& scaling) {
  for (const ScalingPoint& point : scaling.points) {
    if (point.variation > 0.03)
      scaling.notes.push_back(point.layout + ": step times of equal jobs vary by " +
                              percent_text(point.variation) +
                              " (over 3 %): look for other load on the computer.");
    if (point.efficiency > 1.05)
      scaling.notes.push_back(point.layout +
                              ": efficiency above 105 %: check the smallest layout (cache, clocks, "
                              "other load).");
    if (point.repeats < 6)
      scaling.notes.push_back(point.layout + ": " + std::to_string(point.repeats) +
                              " repeats: too few for a 95 % interval of the median by ranks.");
  }
}

}  // namespace

Scaling measure_scaling(const StudyFiles& study, double confidence) {
  Scaling scaling;
  const Json& plan = object_in(study.study, "scale");
  scaling.kind = string_in(plan, "kind", "strong");
  const auto warmup = std::int64_t(number_in(plan, "warmup_steps", 5));
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, Jobs> layouts;
  for (const TrialFiles& trial : study.trials)
    if (trial.purpose == "scale" && trial.state == "done")
      add_job(layouts[{trial.ranks, zero_stage_of(trial), trial.threads_per_rank}], trial, warmup);
  std::erase_if(layouts, [](const auto& layout) { return layout.second.step_seconds.empty(); });
  for (const auto& [key, jobs] : layouts) {
    const auto& [ranks, zero, threads] = key;
    const std::vector<double> seconds = values_of(jobs.step_seconds);
    ScalingPoint point;
    point.layout = "zero" + std::to_string(zero) + "-dp" + std::to_string(ranks);
    point.ranks = ranks;
    point.threads_per_rank = threads;
    point.repeats = std::int64_t(seconds.size());
    point.step_seconds = median(seconds);
    point.step_interval = median_interval(seconds, confidence);
    point.tokens_per_second = median(values_of(jobs.tokens_per_second));
    point.variation = standard_deviation(seconds) / mean(seconds);
    const auto& base = layouts.begin()->second;
    compare_with_base(point, base, jobs, std::get<0>(layouts.begin()->first),
                      scaling.kind == "strong", confidence);
    scaling.points.push_back(std::move(point));
  }
  add_notes(scaling);
  return scaling;
}

}  // namespace temper
