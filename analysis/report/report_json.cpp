#include "analysis/report/report_json.hpp"

#include <cmath>

#include "analysis/report/format.hpp"

namespace temper {
namespace {

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json number(const std::optional<double>& value) { return value ? number(*value) : Json(); }

Json json_of(const Measured& m) {
  return {{"value", number(m.value)},
          {"low", number(m.low)},
          {"high", number(m.high)},
          {"method", m.method}};
}

Json trials_json(const Findings& f) {
  Json trials = Json::array();
  for (std::size_t i = 0; i < f.trials.size(); ++i) {
    const TrialFiles& trial = f.study.trials[i];
    Json metrics = Json::object();
    for (const auto& [name, measured] : f.trials[i].metrics)
      if (name.find(':') == std::string::npos) metrics[name] = json_of(measured);
    trials.push_back({{"trial", trial.id},
                      {"state", trial.state},
                      {"purpose", trial.purpose},
                      {"setting", trial.setting},
                      {"spec", trial.spec},
                      {"repeat", trial.repeat},
                      {"metrics", metrics},
                      {"steps", trial.steps},
                      {"best_step", trial.best_step},
                      {"attempts", trial.attempts},
                      {"seconds", trial.seconds},
                      {"core_hours", trial.core_hours},
                      {"cost", number(f.trials[i].money)},
                      {"energy_joules", number(trial.energy_joules)},
                      {"peak_memory_bytes", trial.peak_memory_bytes},
                      {"ranks", trial.ranks},
                      {"threads_per_rank", trial.threads_per_rank},
                      {"host", trial.host},
                      {"started", trial.started},
                      {"ended", trial.ended},
                      {"reason", trial.reason}});
  }
  return trials;
}

Json comparisons_json(const Findings& f) {
  Json comparisons = Json::array();
  for (const Comparison& one : f.comparisons) {
    const PairedDifference& d = one.difference;
    Json json{{"first", one.first}, {"second", one.second}, {"role", one.role},
              {"split", one.split}, {"rows", d.rows},       {"better", one.better()},
              {"method", d.method}};
    if (f.study.kind() != PredictionKind::classes) {
      json[f.study.kind() == PredictionKind::values ? "mse" : "loss"] = json_of(d.macro_f1);
    } else {
      json["accuracy"] = json_of(d.accuracy);
      json["macro_f1"] = json_of(d.macro_f1);
      json["only_first_right"] = d.only_first;
      json["only_second_right"] = d.only_second;
      json["macro_f1_p"] = number(d.macro_f1_p);
      json["macro_f1_p_adjusted"] = number(one.macro_f1_p_adjusted);
    }
    json["p"] = number(d.accuracy_p);
    json["p_adjusted"] = number(one.accuracy_p_adjusted);
    comparisons.push_back(std::move(json));
  }
  return comparisons;
}

Json classes_json(const Findings& f) {
  if (!f.predictions || f.predictions->kind != PredictionKind::classes) return nullptr;
  const ConfusionMatrix matrix = confusion_of(*f.predictions);
  const ClassificationScores scores = score(matrix);
  Json rows = Json::array(), classes = Json::array();
  for (std::int64_t t = 0; t < matrix.classes(); ++t) {
    const PrecisionRecallF1& one = scores.classes[std::size_t(t)];
    const auto f1 = f.trials[*f.shown].metrics.find(f.shown_split + "/f1:" + std::to_string(t));
    classes.push_back({{"class", class_name(f.study, t)},
                       {"support", one.support},
                       {"precision", one.precision},
                       {"recall", one.recall},
                       {"f1", f1 == f.trials[*f.shown].metrics.end() ? Json{{"value", one.f1}}
                                                                     : json_of(f1->second)}});
    Json row = Json::array();
    for (std::int64_t p = 0; p < matrix.classes(); ++p) row.push_back(matrix.at(t, p));
    rows.push_back(std::move(row));
  }
  return {{"trial", f.study.trials[*f.shown].id},
          {"split", f.shown_split},
          {"classes", classes},
          {"confusion", rows}};
}

Json baselines_json(const Findings& f) {
  Json baselines = Json::array();
  for (const auto& [name, scores] : f.baselines) {
    Json metrics = Json::object();
    for (const auto& [metric, measured] : scores)
      if (metric.find(':') == std::string::npos)
        metrics[f.shown_split + "/" + metric] = json_of(measured);
    baselines.push_back({{"baseline", name}, {"metrics", metrics}});
  }
  return baselines;
}

Json scaling_json(const Findings& f) {
  Json points = Json::array();
  for (const ScalingPoint& p : f.scaling.points)
    points.push_back(
        {{"layout", p.layout},
         {"kind", f.scaling.kind},
         {"ranks", p.ranks},
         {"threads_per_rank", p.threads_per_rank},
         {"repeats", p.repeats},
         {"step_seconds", json_of({p.step_seconds, p.step_interval.low, p.step_interval.high,
                                   p.step_interval.method})},
         {"tokens_per_second", number(p.tokens_per_second)},
         {"speed_up", json_of({p.speed_up, p.speed_up_interval.low, p.speed_up_interval.high,
                               p.speed_up_interval.method})},
         {"efficiency", json_of({p.efficiency, p.efficiency_interval.low,
                                 p.efficiency_interval.high, p.efficiency_interval.method})},
         {"variation", number(p.variation)}});
  return points;
}

Json cost_json(const Findings& f) {
  Json parts = Json::object();
  for (const auto& [purpose, s] : f.cost.by_purpose)
    parts[purpose] = {{"trials", s.trials},
                      {"failed", s.failed},
                      {"seconds", s.seconds},
                      {"core_hours", s.core_hours}};
  return {{"seconds", f.cost.total.seconds},
          {"core_hours", f.cost.total.core_hours},
          {"failed_core_hours", f.cost.failed_core_hours},
          {"by_purpose", parts},
          {"currency", f.cost.currency},
          {"money", number(f.cost.money)},
          {"money_method", f.cost.money_method},
          {"energy_joules", number(f.cost.energy_joules)},
          {"kg_co2", number(f.cost.kg_co2)}};
}

Json targets_json(const Findings& f) {
  Json targets = Json::array();
  for (const TargetFinding& target : f.targets) {
    const double value = target.reached.value;
    const bool up = more_is_better_of(target.metric);
    Json json{
        {"metric", target.metric}, {"target", target.target}, {"value", json_of(target.reached)}};
    json["reached"] =
        std::isnan(value) ? Json() : Json(up ? value >= target.target : value <= target.target);
    targets.push_back(std::move(json));
  }
  return targets;
}

Json seeds_json(const Findings& f) {
  Json seeds = Json::array();
  for (const SeedFinding& one : f.seeds)
    seeds.push_back({{"metric", one.metric},
                     {"values", one.values},
                     {"mean", number(one.mean)},
                     {"standard_deviation", number(one.deviation)},
                     {"low", number(one.interval.low)},
                     {"high", number(one.interval.high)},
                     {"method", one.interval.method}});
  return seeds;
}

}  // namespace

Json report_json(const Findings& f) {
  Json json{{"format", "temper-report/1"},
            {"study", string_in(f.study.study, "name", f.study.root.filename().string())},
            {"complete", f.complete},
            {"objective", f.objective},
            {"greater_is_better", f.more_is_better},
            {"trials", trials_json(f)},
            {"best", f.best ? Json(f.study.trials[*f.best].id) : Json()},
            {"runner_up", f.runner_up ? Json(f.study.trials[*f.runner_up].id) : Json()}};
  Json final = Json::array();
  for (const std::size_t i : f.final) final.push_back(f.study.trials[i].id);
  json["final"] = final;
  json["comparisons"] = comparisons_json(f);
  json["baselines"] = baselines_json(f);
  json["seeds"] = seeds_json(f);
  json["targets"] = targets_json(f);
  json["classes"] = classes_json(f);
  json["calibration_error"] = f.probabilities
                                  ? Json{{"value", f.probabilities->expected_calibration_error},
                                         {"by_chance_95", number(f.calibration_by_chance)}}
                                  : Json();
  json["scaling"] = scaling_json(f);
  json["cost"] = cost_json(f);
  json["warnings"] = f.warnings;
  return json;
}

}  // namespace temper
