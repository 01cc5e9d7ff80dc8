#include <algorithm>
#include <cmath>

#include "analysis/report/format.hpp"
#include "analysis/report/tables.hpp"

namespace temper {
namespace {

constexpr std::size_t kMostLines = 6;

// The trials whose curves are drawn: those that count, then the search from the best down, then
// what still runs.
std::vector<std::size_t> drawn_trials(const Findings& f) {
  std::vector<std::size_t> order = f.final;
  order.insert(order.end(), f.ranking.begin(), f.ranking.end());
  for (std::size_t i = 0; i < f.trials.size(); ++i)
    if (f.study.trials[i].purpose != "scale") order.push_back(i);
  std::vector<std::size_t> few;
  for (const std::size_t i : order)
    if (few.size() < kMostLines && std::find(few.begin(), few.end(), i) == few.end())
      few.push_back(i);
  return few;
}

std::string line_name(const Findings& f, std::size_t i) {
  const TrialFiles& trial = f.study.trials[i];
  return trial.purpose + " " + trial.id + ": " + f.trials[i].setting;
}

// The numbers of a chart as a table: one row for each point of each series.
Table table_of(const Chart& chart) {
  Table table{chart.name, chart.title, {{"series"}, {chart.x_label, true}, {chart.y_label, true}}};
  for (const ChartSeries& series : chart.series)
    if (series.kind != ChartSeries::Kind::reference)
      for (const ChartPoint& p : series.points) {
        std::string y = number_text(p.y);
        if (std::isfinite(p.low))
          y += " (" + number_text(p.low) + " to " + number_text(p.high) + ")";
        table.add({series.name, {number_text(p.x), p.x}, {y, p.y}});
      }
  return table;
}

Chart training_chart(const Findings& f) {
  Chart chart{"training-loss", "Training loss", "step", "loss (mean of neighbouring steps)"};
  for (const std::size_t i : drawn_trials(f)) {
    std::vector<ChartPoint> points;
    for (const StepRecord& step : f.study.trials[i].steps_taken)
      points.emplace_back(double(step.step), step.loss);
    if (!points.empty()) chart.series.push_back({line_name(f, i), thinned(points, 60)});
  }
  return chart;
}

Chart evaluation_chart(const Findings& f) {
  const std::string metric = f.objective.starts_with("eval/") ? f.objective.substr(5) : "loss";
  const double factor = is_share(metric) ? 100 : 1;
  Chart chart{"evaluation", "Evaluation while training", "step",
              metric_name(metric) + (factor == 100 ? ", %" : "")};
  for (const std::size_t i : drawn_trials(f)) {
    ChartSeries series{line_name(f, i), {}, ChartSeries::Kind::line_and_points};
    for (const EvalRecord& record : f.study.trials[i].evaluations)
      if (const auto found = record.metrics.find(metric);
          record.split == "eval" && found != record.metrics.end())
        series.points.emplace_back(double(record.step), factor * found->second);
    if (!series.points.empty()) chart.series.push_back(std::move(series));
  }
  return chart;
}

// The objective over one searched number, all other keys as they come.
Chart slice_chart(const Findings& f, const std::string& key) {
  const double factor = is_share(f.objective) ? 100 : 1;
  std::string name = "slice-" + key_name(key);
  std::replace(name.begin(), name.end(), ' ', '-');
  Chart chart{name, metric_name(f.objective) + " over " + key_name(key), key_name(key),
              metric_name(f.objective) + (factor == 100 ? ", %" : "")};
  ChartSeries series{"search, eval split", {}, ChartSeries::Kind::line_and_points};
  for (const std::size_t i : f.ranking) {
    const Json& setting = f.study.trials[i].setting;
    if (!setting.contains(key) || !setting[key].is_number()) continue;
    const auto found = f.trials[i].metrics.find(f.objective);
    const Measured m = found == f.trials[i].metrics.end() ? Measured{} : found->second;
    series.points.emplace_back(setting[key].get<double>(), factor * m.value, factor * m.low,
                               factor * m.high);
  }
  std::sort(series.points.begin(), series.points.end(),
            [](const ChartPoint& a, const ChartPoint& b) { return a.x < b.x; });
  if (series.points.size() < 2 || series.points.front().x == series.points.back().x) return chart;
  const double low = series.points.front().x, high = series.points.back().x;
  for (const ChartPoint& point : series.points)
    if (chart.x_ticks.empty() || chart.x_ticks.back() != point.x) chart.x_ticks.push_back(point.x);
  if (chart.x_ticks.size() > 6) chart.x_ticks.clear();
  chart.log_x = low > 0 && high / low >= 4;
  // Several searched keys: the points do not lie on one line.
  if (f.searched_keys.size() > 1) series.kind = ChartSeries::Kind::points;
  const double room = chart.log_x ? std::pow(high / low, 0.06) : 0.06 * (high - low);
  chart.x_low = chart.log_x ? low / room : low - room;
  chart.x_high = chart.log_x ? high * room : high + room;
  chart.series.push_back(std::move(series));
  return chart;
}

Chart calibration_chart(const Findings& f) {
  Chart chart{"calibration", "Calibration on the " + f.shown_split + " split", "confidence, %",
              "right, %"};
  ChartSeries series{"the model", {}, ChartSeries::Kind::line_and_points};
  for (const CalibrationBin& bin : f.probabilities->bins) {
    if (bin.rows == 0) continue;
    const Interval interval = wilson_interval(bin.hits, bin.rows, f.confidence);
    series.points.emplace_back(100 * bin.confidence_sum / double(bin.rows),
                               100 * double(bin.hits) / double(bin.rows), 100 * interval.low,
                               100 * interval.high);
  }
  chart.series.push_back(std::move(series));
  chart.series.push_back(
      {"exactly calibrated", {{0, 0}, {100, 100}}, ChartSeries::Kind::reference});
  chart.x_low = chart.y_low = 0;
  chart.x_high = chart.y_high = 100;
  return chart;
}

Chart scaling_chart(const Findings& f) {
  Chart chart{"scaling", "Speed-up against the smallest layout", "ranks", "speed-up"};
  std::map<std::string, ChartSeries> kinds;
  double most = 1;
  const double base = double(f.scaling.points.front().ranks);
  for (const ScalingPoint& point : f.scaling.points) {
    const std::string kind = point.layout.substr(0, point.layout.find('-')) + ", " +
                             std::to_string(point.threads_per_rank) + " threads a rank";
    ChartSeries& series = kinds[kind];
    series.name = kind;
    series.kind = ChartSeries::Kind::line_and_points;
    series.points.emplace_back(double(point.ranks), point.speed_up, point.speed_up_interval.low,
                               point.speed_up_interval.high);
    most = std::max(most, double(point.ranks));
  }
  for (auto& [kind, series] : kinds) chart.series.push_back(std::move(series));
  for (const ScalingPoint& point : f.scaling.points)
    if (chart.x_ticks.empty() || chart.x_ticks.back() != double(point.ranks))
      chart.x_ticks.push_back(double(point.ranks));
  if (chart.x_ticks.size() > 8) chart.x_ticks.clear();
  chart.series.push_back({"ideal", {{base, 1}, {most, most / base}}, ChartSeries::Kind::reference});
  chart.y_low = 0;
  return chart;
}

}  // namespace

std::map<std::string, Figure> report_figures(const Findings& f) {
  std::map<std::string, Figure> figures;
  const auto keep = [&](Chart chart) {
    if (chart.series.empty()) return;
    const std::string name = chart.name;
    Table table = table_of(chart);
    figures[name] = {std::move(chart), std::nullopt, std::move(table)};
  };
  keep(training_chart(f));
  keep(evaluation_chart(f));
  for (const std::string& key : f.searched_keys) keep(slice_chart(f, key));
  if (f.probabilities) keep(calibration_chart(f));
  if (f.scaling.points.size() > 1) keep(scaling_chart(f));
  return figures;
}

}  // namespace temper
