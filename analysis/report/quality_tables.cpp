#include "analysis/report/quality_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/report/format.hpp"

namespace temper {

Cell measured_cell(const std::string& metric, const Measurements& metrics) {
  const auto found = metrics.find(metric);
  if (found == metrics.end()) return Cell(kDash, std::nan(""));
  const Measured& m = found->second;
  return {metric_text(metric, m.value, m.low, m.high), m.value};
}

Table comparisons_table(const Findings& f) {
  const PredictionKind kind = f.study.kind();
  const bool classes = kind == PredictionKind::classes;
  Table table{"comparisons",
              "Differences on the same rows; p adjusted by Holm for all of them",
              {{"first"}, {"second"}, {"split"}, {"rows", true}}};
  table.columns.push_back({classes                          ? "accuracy, points"
                           : kind == PredictionKind::values ? "gain in MSE"
                                                            : "gain in loss",
                           true});
  table.columns.push_back({"p", true});
  table.columns.push_back({"p adjusted", true});
  if (classes) {
    table.columns.push_back({"macro-F1, points", true});
    table.columns.push_back({"p", true});
    table.columns.push_back({"p adjusted", true});
    table.columns.push_back({"only first right", true});
    table.columns.push_back({"only second right", true});
  }
  table.columns.push_back({"test"});
  const auto difference = [&](const Measured& m) {
    const auto text = [&](double v) { return classes ? points_text(v) : number_text(v); };
    return Cell(text(m.value) + " (" + text(m.low) + " to " + text(m.high) + ")", m.value);
  };
  for (const Comparison& one : f.comparisons) {
    const PairedDifference& d = one.difference;
    std::vector<Cell> row{one.first, one.second, one.split, {count_text(d.rows), double(d.rows)}};
    row.push_back(difference(d.accuracy));
    row.push_back({p_text(d.accuracy_p), d.accuracy_p});
    row.push_back({p_text(one.accuracy_p_adjusted), one.accuracy_p_adjusted});
    if (classes) {
      row.push_back(difference(d.macro_f1));
      row.push_back({p_text(d.macro_f1_p), d.macro_f1_p});
      row.push_back({p_text(one.macro_f1_p_adjusted), one.macro_f1_p_adjusted});
      row.push_back({count_text(d.only_first), double(d.only_first)});
      row.push_back({count_text(d.only_second), double(d.only_second)});
    }
    row.push_back(d.method);
    table.add(std::move(row));
  }
  return table;
}

Table per_class_table(const Findings& f) {
  Table table{"per_class",
              "Each class on the " + f.shown_split + " split",
              {{"class"},
               {"support", true},
               {"precision", true},
               {"recall", true},
               {"F1", true},
               {"predicted", true}}};
  const ConfusionMatrix matrix = confusion_of(*f.predictions);
  const ClassificationScores scores = score(matrix);
  const Measurements& metrics = f.trials[*f.shown].metrics;
  const auto share = [](double value) { return Cell(percent_text(value), value); };
  for (std::int64_t c = 0; c < matrix.classes(); ++c) {
    const PrecisionRecallF1& one = scores.classes[std::size_t(c)];
    std::int64_t predicted = 0;
    for (std::int64_t t = 0; t < matrix.classes(); ++t) predicted += matrix.at(t, c);
    table.add({class_name(f.study, c),
               {count_text(one.support), double(one.support)},
               share(one.precision),
               share(one.recall),
               measured_cell(f.shown_split + "/f1:" + std::to_string(c), metrics),
               {count_text(predicted), double(predicted)}});
    // The name of the metric holds a class number: say F1 as a share.
    Cell& f1 = table.rows.back()[4];
    const auto found = metrics.find(f.shown_split + "/f1:" + std::to_string(c));
    if (found != metrics.end())
      f1 = {metric_text("f1", one.f1, found->second.low, found->second.high), one.f1};
  }
  const auto average = [&](const char* name, const PrecisionRecallF1& one) {
    table.add({name,
               {count_text(one.support), double(one.support)},
               share(one.precision),
               share(one.recall),
               share(one.f1),
               {count_text(matrix.total()), double(matrix.total())}},
              "sum");
  };
  average("macro average", scores.macro);
  average("weighted average", scores.weighted);
  return table;
}

Table confusion_table(const Findings& f) {
  const ConfusionMatrix matrix = confusion_of(*f.predictions);
  Table table{"confusion", "Rows: true class. Columns: predicted class", {{"true \\ predicted"}}};
  for (std::int64_t c = 0; c < matrix.classes(); ++c)
    table.columns.push_back({class_name(f.study, c), true});
  for (std::int64_t t = 0; t < matrix.classes(); ++t) {
    std::vector<Cell> row{class_name(f.study, t)};
    for (std::int64_t p = 0; p < matrix.classes(); ++p)
      row.push_back({count_text(matrix.at(t, p)), double(matrix.at(t, p))});
    table.add(std::move(row));
  }
  return table;
}

Table confused_table(const Findings& f) {
  const ConfusionMatrix matrix = confusion_of(*f.predictions);
  const ClassificationScores scores = score(matrix);
  std::vector<std::array<std::int64_t, 3>> pairs;
  for (std::int64_t t = 0; t < matrix.classes(); ++t)
    for (std::int64_t p = 0; p < matrix.classes(); ++p)
      if (t != p && matrix.at(t, p) > 0) pairs.push_back({matrix.at(t, p), t, p});
  std::stable_sort(pairs.begin(), pairs.end(), [](auto& a, auto& b) { return a[0] > b[0]; });
  if (pairs.size() > 10) pairs.resize(10);
  Table table{"confused",
              "Most frequent confusions",
              {{"true class"}, {"predicted as"}, {"rows", true}, {"share of the class", true}}};
  for (const auto& [count, t, p] : pairs) {
    const double share = double(count) / double(scores.classes[std::size_t(t)].support);
    table.add({class_name(f.study, t),
               class_name(f.study, p),
               {count_text(count), double(count)},
               {percent_text(share), share}});
  }
  return table;
}

Table systems_table(const Findings& f) {
  Table table{"systems",
              "The model and the baselines on the " + f.shown_split + " split",
              {{"metric"}, {"this model (" + f.study.trials[*f.shown].id + ")", true}}};
  for (const auto& [name, scores] : f.baselines) table.columns.push_back({name, true});
  const Measurements& own = f.trials[*f.shown].metrics;
  for (const std::string metric : {"accuracy",
                                   "macro_f1",
                                   "weighted_f1",
                                   "macro_precision",
                                   "macro_recall",
                                   "balanced_accuracy",
                                   "matthews",
                                   "kappa",
                                   "top_3",
                                   "log_loss",
                                   "brier",
                                   "calibration_error",
                                   "mse",
                                   "mae",
                                   "r2",
                                   "pearson",
                                   "loss",
                                   "perplexity",
                                   "token_accuracy",
                                   "bits_per_byte"}) {
    if (!own.contains(f.shown_split + "/" + metric)) continue;
    std::vector<Cell> row{metric_name(metric), measured_cell(f.shown_split + "/" + metric, own)};
    for (const auto& [name, scores] : f.baselines) row.push_back(measured_cell(metric, scores));
    table.add(std::move(row));
  }
  return table;
}

Table seeds_table(const Findings& f) {
  Table table{"seeds",
              "The best setting under " + std::to_string(f.final.size()) +
                  " seeds: variation of training, beside that of the rows",
              {{"metric"},
               {"mean", true},
               {"deviation", true},
               {"interval of the mean", true},
               {"values", true}}};
  for (const SeedFinding& one : f.seeds) {
    std::string values;
    for (const double value : one.values)
      values += (values.empty() ? "" : ", ") +
                (is_share(one.metric) ? fixed_text(100 * value, 1) : number_text(value));
    const bool share = is_share(one.metric);
    const auto text = [&](double v) { return share ? fixed_text(100 * v, 1) : number_text(v); };
    table.add({one.metric.substr(0, one.metric.find('/')) + " " + metric_name(one.metric),
               {metric_text(one.metric, one.mean), one.mean},
               {share ? fixed_text(100 * one.deviation, 2) : number_text(one.deviation, 2),
                one.deviation},
               text(one.interval.low) + " to " + text(one.interval.high),
               values});
  }
  return table;
}

Table calibration_table(const Findings& f) {
  Table table{"calibration",
              "Reliability: how often predictions of a confidence are right",
              {{"confidence"}, {"rows", true}, {"mean confidence", true}, {"right", true}}};
  for (std::size_t i = 0; i < kCalibrationBins; ++i) {
    const CalibrationBin& bin = f.probabilities->bins[i];
    if (bin.rows == 0) continue;
    const double confidence = bin.confidence_sum / double(bin.rows);
    const double right = double(bin.hits) / double(bin.rows);
    const Interval interval = wilson_interval(bin.hits, bin.rows, f.confidence);
    table.add({percent_text(double(i) / kCalibrationBins, 0) + " to " +
                   percent_text(double(i + 1) / kCalibrationBins, 0),
               {count_text(bin.rows), double(bin.rows)},
               {percent_text(confidence), confidence},
               {metric_text("accuracy", right, interval.low, interval.high), right}});
  }
  return table;
}

}  // namespace temper
