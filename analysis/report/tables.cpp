#include "analysis/report/tables.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/report/format.hpp"
#include "analysis/report/quality_tables.hpp"
#include "core/progress.hpp"

namespace temper {
namespace {

Cell time_cell(double seconds) { return {seconds > 0 ? duration_text(seconds) : kDash, seconds}; }

std::string money_text(const Findings& f, const std::optional<double>& money) {
  if (!money) return kDash;
  return fixed_text(*money, *money < 0.1 ? 4 : 2) + " " + f.cost.currency;
}

Table trials_table(const Findings& f) {
  Table table{"trials", "All trials, best first", {{"trial"}, {"setting"}}};
  std::vector<std::string> metrics = leading_metrics(f);
  for (const std::string& metric : metrics)
    table.columns.push_back({metric.substr(0, metric.find('/')) + " " + metric_name(metric), true});
  for (const char* title : {"time", "core-hours"}) table.columns.push_back({title, true});
  if (f.cost.money) table.columns.push_back({"cost", true});
  table.columns.push_back({"steps", true});
  table.columns.push_back({"purpose"});
  table.columns.push_back({"state"});
  std::vector<std::size_t> order = f.final;
  order.insert(order.end(), f.ranking.begin(), f.ranking.end());
  for (std::size_t i = 0; i < f.trials.size(); ++i) order.push_back(i);
  std::set<std::size_t> seen;
  for (const std::size_t i : order) {
    const TrialFiles& trial = f.study.trials[i];
    if (trial.purpose == "scale" || !seen.insert(i).second) continue;
    std::vector<Cell> row{trial.id, f.trials[i].setting};
    for (const std::string& metric : metrics)
      row.push_back(measured_cell(metric, f.trials[i].metrics));
    row.push_back(time_cell(trial.seconds));
    row.push_back({number_text(trial.core_hours, 3), trial.core_hours});
    if (f.cost.money)
      row.push_back({money_text(f, f.trials[i].money), f.trials[i].money.value_or(std::nan(""))});
    row.push_back({count_text(trial.steps), double(trial.steps)});
    row.push_back(trial.purpose);
    row.push_back(trial.state);
    const bool best = f.best == i || f.shown == i;
    table.add(std::move(row), best ? "best" : trial.state == "failed" ? "failed" : "");
  }
  return table;
}

Table cost_table(const Findings& f) {
  Table table{"cost",
              "What it took, every attempt counted",
              {{"part"},
               {"trials", true},
               {"failed", true},
               {"time of jobs", true},
               {"core-hours", true},
               {"share", true}}};
  const auto add = [&](const std::string& name, const Spending& s, const char* row_class) {
    const double share = f.cost.total.core_hours > 0 ? s.core_hours / f.cost.total.core_hours : 0;
    table.add({name,
               {count_text(s.trials), double(s.trials)},
               {count_text(s.failed), double(s.failed)},
               time_cell(s.seconds),
               {number_text(s.core_hours, 3), s.core_hours},
               {percent_text(share), share}},
              row_class);
  };
  for (const auto& [purpose, spending] : f.cost.by_purpose) add(purpose, spending, "");
  add("all", f.cost.total, "sum");
  return table;
}

Table phases_table(const Findings& f) {
  std::set<std::string> names;
  for (const TrialFiles& trial : f.study.trials)
    for (const auto& [name, seconds] : trial.phases) names.insert(name);
  Table table{"phases", "Time of rank 0 by phase", {{"trial"}, {"steps", true}}};
  std::vector<std::string> order;
  for (const char* known : {"data", "forward", "backward", "optimizer", "communication", "wait"})
    if (names.erase(known)) order.push_back(known);
  order.insert(order.end(), names.begin(), names.end());
  table.columns.push_back({"start to first step", true});
  for (const std::string& name : order) table.columns.push_back({name, true});
  for (const char* title :
       {"tokens/s", "documents/s", "GFLOP/s in products", "peak memory of a rank"})
    table.columns.push_back({title, true});
  for (const TrialFiles& trial : f.study.trials) {
    if (trial.phases.empty() || trial.purpose == "scale") continue;
    std::vector<Cell> row{
        trial.id, {count_text(trial.steps), double(trial.steps)}, time_cell(trial.setup_seconds)};
    for (const std::string& name : order)
      row.push_back(time_cell(trial.phases.contains(name) ? trial.phases.at(name) : 0));
    double stepped = 0;
    for (const StepRecord& step : trial.steps_taken) stepped += step.seconds;
    const double tokens = stepped > 0 ? double(trial.tokens) / stepped : std::nan("");
    const double documents = stepped > 0 ? double(trial.documents) / stepped : std::nan("");
    row.push_back({number_text(tokens, 4), tokens});
    row.push_back({number_text(documents, 4), documents});
    row.push_back({trial.gflops_per_second > 0 ? number_text(trial.gflops_per_second, 3) : kDash,
                   trial.gflops_per_second});
    row.push_back({trial.peak_memory_bytes > 0 ? bytes_text(trial.peak_memory_bytes) : kDash,
                   trial.peak_memory_bytes});
    table.add(std::move(row));
  }
  return table;
}

Table scaling_table(const Findings& f) {
  Table table{"scaling",
              f.scaling.kind == "weak" ? "Weak scaling: the same work of each rank"
                                       : "Strong scaling: the same batch on more ranks",
              {{"layout"},
               {"ranks", true},
               {"threads a rank", true},
               {"jobs", true},
               {"step, median", true},
               {"tokens/s", true},
               {"speed-up", true},
               {"efficiency", true},
               {"variation", true}}};
  const auto with = [](double v, const Interval& i, double factor, const char* unit) {
    std::string text = number_text(v * factor, 3) + unit;
    if (!std::isnan(i.low))
      text +=
          " (" + number_text(i.low * factor, 3) + " to " + number_text(i.high * factor, 3) + ")";
    return Cell(text, v);
  };
  for (const ScalingPoint& point : f.scaling.points)
    table.add({point.layout,
               {count_text(point.ranks), double(point.ranks)},
               {count_text(point.threads_per_rank), double(point.threads_per_rank)},
               {count_text(point.repeats), double(point.repeats)},
               with(point.step_seconds, point.step_interval, 1000, " ms"),
               {number_text(point.tokens_per_second), point.tokens_per_second},
               with(point.speed_up, point.speed_up_interval, 1, ""),
               with(point.efficiency, point.efficiency_interval, 100, " %"),
               {percent_text(point.variation), point.variation}});
  return table;
}

Table provenance_table(const Findings& f) {
  Table table{"provenance", "Where this comes from", {{"what"}, {"value"}}};
  const Json& s = f.study.study;
  const Json& machine = object_in(s, "machine");
  const auto add = [&](const std::string& what, const std::string& value) {
    if (!value.empty()) table.add({what, value});
  };
  add("study", string_in(s, "name"));
  add("created", date_text(string_in(s, "created")));
  add("Temper", string_in(s, "temper_version"));
  add("manifest SHA-256", string_in(s, "manifest_sha256"));
  add("data recipe SHA-256", string_in(f.study.card, "recipe_sha256"));
  if (f.shown) {
    const TrialFiles& trial = f.study.trials[*f.shown];
    add("plan SHA-256 of " + trial.id, trial.plan_digest);
    add("model",
        std::filesystem::path(string_in(object_in(trial.spec, "model"), "model_name_or_path"))
            .filename()
            .string());
    add("model SHA-256", string_in(object_in(trial.spec, "model"), "revision_sha256"));
    add("layout", std::to_string(trial.ranks) + " ranks of " +
                      std::to_string(trial.threads_per_rank) + " threads");
  }
  add("computer", string_in(machine, "host"));
  if (machine.contains("cores")) add("cores", number_text(number_in(machine, "cores")));
  if (machine.contains("memory_bytes"))
    add("memory", bytes_text(number_in(machine, "memory_bytes")));
  if (f.study.card.contains("splits") && f.study.card["splits"].is_array())
    for (const Json& split : f.study.card["splits"])
      add("rows of " + string_in(split, "name"),
          count_text(std::int64_t(number_in(split, "documents"))) + ", " +
              count_text(std::int64_t(number_in(split, "tokens"))) + " tokens");
  return table;
}

}  // namespace

std::vector<std::string> leading_metrics(const Findings& f) {
  std::vector<std::string> metrics;
  const auto add = [&](const std::string& metric) {
    const bool known = std::any_of(f.trials.begin(), f.trials.end(), [&](const TrialFinding& t) {
      return t.metrics.contains(metric);
    });
    if (known && std::find(metrics.begin(), metrics.end(), metric) == metrics.end())
      metrics.push_back(metric);
  };
  add(f.objective);
  for (const char* metric :
       {"test/accuracy", "test/macro_f1", "eval/accuracy", "eval/macro_f1", "test/mse", "test/r2",
        "test/pearson", "eval/mse", "eval/r2", "test/perplexity", "test/token_accuracy",
        "start/perplexity", "eval/perplexity", "eval/token_accuracy"})
    add(metric);
  return metrics;
}

std::map<std::string, Table> report_tables(const Findings& f) {
  std::map<std::string, Table> tables;
  const auto keep = [&](Table table) {
    const std::string name = table.name;
    if (!table.rows.empty()) tables[name] = std::move(table);
  };
  keep(trials_table(f));
  keep(comparisons_table(f));
  if (f.predictions && f.predictions->kind == PredictionKind::classes) {
    keep(per_class_table(f));
    keep(confusion_table(f));
    keep(confused_table(f));
  }
  if (f.shown) keep(systems_table(f));
  keep(seeds_table(f));
  keep(cost_table(f));
  keep(phases_table(f));
  keep(scaling_table(f));
  if (f.probabilities) keep(calibration_table(f));
  keep(provenance_table(f));
  return tables;
}

}  // namespace temper
