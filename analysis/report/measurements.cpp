#include "analysis/report/measurements.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "analysis/calibration.hpp"
#include "analysis/regression.hpp"
#include "analysis/statistics/comparison.hpp"

namespace temper {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Measured measured(const Replicates& replicates, std::size_t statistic) {
  const Interval interval = bootstrap_interval(replicates, statistic);
  return {replicates.observed[statistic], interval.low, interval.high, interval.method};
}

// Cells of a classification: one for each (truth, prediction) that occurs.
struct Cells {
  std::vector<std::uint32_t> of_row, strata;
  std::vector<std::array<std::int32_t, 3>> meaning;  // truth, first, second
};
Cells cells_of(const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& first,
               const std::vector<std::int32_t>& second) {
  Cells cells;
  std::map<std::array<std::int32_t, 3>, std::uint32_t> known;
  std::map<std::int32_t, std::uint32_t> strata;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    const std::array<std::int32_t, 3> key{truth[row], first[row], second[row]};
    const auto [cell, added] = known.try_emplace(key, std::uint32_t(known.size()));
    if (added) cells.meaning.push_back(key);
    cells.of_row.push_back(cell->second);
    cells.strata.push_back(
        strata.try_emplace(truth[row], std::uint32_t(strata.size())).first->second);
  }
  return cells;
}

ConfusionMatrix matrix_of(const Cells& cells, std::span<const std::uint32_t> counts,
                          std::int64_t classes, std::size_t system) {
  ConfusionMatrix matrix(classes);
  for (std::size_t i = 0; i < counts.size(); ++i)
    matrix.counts()[std::size_t(cells.meaning[i][0] * classes + cells.meaning[i][system])] +=
        counts[i];
  return matrix;
}

Measurements measure_classes(const Predictions& p, const BootstrapOptions& options) {
  const Cells cells = cells_of(p.truth, p.predicted, p.predicted);
  static const std::vector<std::string> kNames{
      "macro_f1", "weighted_f1", "macro_precision", "macro_recall", "balanced_accuracy",
      "matthews", "kappa"};
  const std::size_t statistics = kNames.size() + std::size_t(p.classes);
  const auto compute = [&](std::span<const std::uint32_t> counts, std::span<double> out) {
    const ClassificationScores s = score(matrix_of(cells, counts, p.classes, 1));
    const double values[] = {s.macro.f1,     s.weighted.f1,       s.macro.precision,
                             s.macro.recall, s.balanced_accuracy, s.matthews,
                             s.kappa};
    std::copy(std::begin(values), std::end(values), out.begin());
    for (std::size_t c = 0; c < s.classes.size(); ++c) out[kNames.size() + c] = s.classes[c].f1;
  };
  const Replicates replicates =
      bootstrap(stratified_sample(cells.of_row, cells.strata), statistics, compute, options);
  Measurements all;
  for (std::size_t i = 0; i < kNames.size(); ++i) all[kNames[i]] = measured(replicates, i);
  for (std::int64_t c = 0; c < p.classes; ++c)
    all["f1:" + std::to_string(c)] = measured(replicates, kNames.size() + std::size_t(c));
  const ConfusionMatrix matrix = confusion_of(p);
  const ClassificationScores scores = score(matrix);
  const auto hits = std::int64_t(std::llround(scores.accuracy * double(p.rows())));
  const Interval wilson = wilson_interval(hits, p.rows(), options.confidence);
  all["accuracy"] = all["micro_f1"] = {scores.accuracy, wilson.low, wilson.high, wilson.method};
  if (!p.scores.empty()) {
    const ProbabilityScores probability = score_probabilities(p.classes, p.scores, p.truth);
    all["log_loss"] = {probability.log_loss, kNone, kNone, ""};
    all["brier"] = {probability.brier, kNone, kNone, ""};
    all["calibration_error"] = {probability.expected_calibration_error, kNone, kNone, ""};
    if (p.classes > 3) {
      const auto among = std::int64_t(std::llround(probability.top_3 * double(p.rows())));
      const Interval interval = wilson_interval(among, p.rows(), options.confidence);
      all["top_3"] = {probability.top_3, interval.low, interval.high, interval.method};
    }
  }
  return all;
}

// Scores of a regression from how often each row was drawn.
RegressionScores weighted_scores(const Predictions& p, std::span<const std::uint32_t> counts) {
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0, squares = 0, absolutes = 0;
  const double x0 = p.truth_value[0], y0 = p.predicted_value[0];
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double w = counts[i], a = p.truth_value[i] - x0, b = p.predicted_value[i] - y0;
    const double error = p.predicted_value[i] - p.truth_value[i];
    n += w, x += w * a, y += w * b;
    xx += w * a * a, yy += w * b * b, xy += w * a * b;
    squares += w * error * error, absolutes += w * std::abs(error);
  }
  const double vx = xx - x * x / n, vy = yy - y * y / n;
  return {std::int64_t(n),
          squares / n,
          absolutes / n,
          vx > 0 ? 1 - squares / vx : kNone,
          vx > 0 && vy > 0 ? (xy - x * y / n) / std::sqrt(vx * vy) : kNone,
          kNone};
}

std::vector<std::uint32_t> each_row(std::int64_t rows) {
  std::vector<std::uint32_t> cells;
  for (std::int64_t row = 0; row < rows; ++row) cells.push_back(std::uint32_t(row));
  return cells;
}

// The jackknife costs the square of the rows: percentile intervals where that is too much.
BootstrapOptions affordable(BootstrapOptions options, std::int64_t rows) {
  options.acceleration = rows <= 3000;
  return options;
}

Measurements measure_values(const Predictions& p, const BootstrapOptions& options) {
  const auto compute = [&](std::span<const std::uint32_t> counts, std::span<double> out) {
    const RegressionScores s = weighted_scores(p, counts);
    out[0] = s.mse, out[1] = s.mae, out[2] = s.r2, out[3] = s.pearson;
  };
  const Replicates replicates =
      bootstrap(stratified_sample(each_row(p.rows())), 4, compute, affordable(options, p.rows()));
  Measurements all;
  const char* names[] = {"mse", "mae", "r2", "pearson"};
  for (std::size_t i = 0; i < 4; ++i) all[names[i]] = measured(replicates, i);
  const RegressionScores exact = score_regression(p.truth_value, p.predicted_value);
  all["mse"].value = exact.mse, all["mae"].value = exact.mae;
  all["r2"].value = exact.r2, all["pearson"].value = exact.pearson;
  return all;
}

// The rows of both, in the order of the first.
std::vector<std::pair<std::size_t, std::size_t>> matched(const Predictions& first,
                                                         const Predictions& second) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  if (first.ids == second.ids) {
    for (std::size_t i = 0; i < first.ids.size(); ++i) pairs.emplace_back(i, i);
    return pairs;
  }
  std::unordered_map<std::string_view, std::size_t> place;
  for (std::size_t i = 0; i < second.ids.size(); ++i) place.emplace(second.ids[i], i);
  for (std::size_t i = 0; i < first.ids.size(); ++i)
    if (const auto found = place.find(first.ids[i]); found != place.end())
      pairs.emplace_back(i, found->second);
  return pairs;
}

void compare_classes(PairedDifference& difference, const Predictions& first,
                     const Predictions& second,
                     const std::vector<std::pair<std::size_t, std::size_t>>& pairs,
                     const BootstrapOptions& options) {
  std::vector<std::int32_t> truth, a, b;
  for (const auto& [i, j] : pairs) {
    truth.push_back(first.truth[i]);
    a.push_back(first.predicted[i]);
    b.push_back(second.predicted[j]);
    difference.only_first += a.back() == truth.back() && b.back() != truth.back();
    difference.only_second += a.back() != truth.back() && b.back() == truth.back();
  }
  const Cells cells = cells_of(truth, a, b);
  const std::int64_t classes = std::max(first.classes, second.classes);
  const auto compute = [&](std::span<const std::uint32_t> counts, std::span<double> out) {
    const auto of_first = score(matrix_of(cells, counts, classes, 1));
    const auto of_second = score(matrix_of(cells, counts, classes, 2));
    out[0] = of_first.accuracy - of_second.accuracy;
    out[1] = of_first.macro.f1 - of_second.macro.f1;
  };
  const Replicates replicates =
      bootstrap(stratified_sample(cells.of_row, cells.strata), 2, compute, options);
  difference.accuracy = measured(replicates, 0);
  difference.macro_f1 = measured(replicates, 1);
  difference.macro_f1_p = bootstrap_p(replicates, 1);
  const McNemar test = mcnemar(difference.only_first, difference.only_second);
  difference.accuracy_p = test.p();
  difference.method = test.method();
}

void compare_values(PairedDifference& difference, const Predictions& first,
                    const Predictions& second,
                    const std::vector<std::pair<std::size_t, std::size_t>>& pairs,
                    const BootstrapOptions& options) {
  std::vector<double> gain;
  for (const auto& [i, j] : pairs) {
    const double a = first.predicted_value[i] - first.truth_value[i];
    const double b = second.predicted_value[j] - first.truth_value[i];
    gain.push_back(a * a - b * b);
  }
  const auto compute = [&](std::span<const std::uint32_t> counts, std::span<double> out) {
    double sum = 0, rows = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) sum += counts[i] * gain[i], rows += counts[i];
    out[0] = sum / rows;
  };
  const Replicates replicates = bootstrap(stratified_sample(each_row(std::int64_t(gain.size()))), 1,
                                          compute, affordable(options, std::int64_t(gain.size())));
  const Measured more = measured(replicates, 0);
  difference.macro_f1 = more;
  difference.accuracy = {-more.value, -more.high, -more.low, more.method};
  difference.macro_f1_p = difference.accuracy_p = bootstrap_p(replicates, 0);
  difference.method = "paired bootstrap of the squared errors";
}

// Sums over the documents drawn: of one system.
struct LanguageSums {
  double nll = 0, tokens = 0, correct = 0, bytes = 0;
};
LanguageSums language_sums(const Predictions& p, std::span<const std::uint32_t> counts) {
  LanguageSums sums;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sums.nll += counts[i] * p.nll[i], sums.tokens += counts[i] * p.tokens[i];
    sums.correct += counts[i] * p.correct[i], sums.bytes += counts[i] * p.bytes[i];
  }
  return sums;
}

Measurements measure_language(const Predictions& p, const BootstrapOptions& options) {
  const auto compute = [&](std::span<const std::uint32_t> counts, std::span<double> out) {
    const LanguageSums s = language_sums(p, counts);
    out[0] = s.nll / s.tokens, out[1] = std::exp(s.nll / s.tokens), out[2] = s.correct / s.tokens;
    out[3] = s.bytes > 0 ? s.nll / s.bytes / std::log(2.0) : kNone;
  };
  const Replicates replicates =
      bootstrap(stratified_sample(each_row(p.rows())), 4, compute, affordable(options, p.rows()));
  Measurements all;
  const char* names[] = {"loss", "perplexity", "token_accuracy", "bits_per_byte"};
  for (std::size_t i = 0; i < 4; ++i)
    if (std::isfinite(replicates.observed[i])) all[names[i]] = measured(replicates, i);
  return all;
}

void compare_language(PairedDifference& difference, const Predictions& first,
                      const Predictions& second,
                      const std::vector<std::pair<std::size_t, std::size_t>>& pairs,
                      const BootstrapOptions& options) {
  const auto compute = [&](std::span<const std::uint32_t> counts, std::span<double> out) {
    double a = 0, b = 0, of_a = 0, of_b = 0;
    for (std::size_t k = 0; k < counts.size(); ++k) {
      const auto [i, j] = pairs[k];
      a += counts[k] * first.nll[i], of_a += counts[k] * first.tokens[i];
      b += counts[k] * second.nll[j], of_b += counts[k] * second.tokens[j];
    }
    out[0] = a / of_a - b / of_b;
  };
  const auto rows = std::int64_t(pairs.size());
  const Replicates replicates =
      bootstrap(stratified_sample(each_row(rows)), 1, compute, affordable(options, rows));
  const Measured more = measured(replicates, 0);
  difference.macro_f1 = more;
  difference.accuracy = {-more.value, -more.high, -more.low, more.method};
  difference.macro_f1_p = difference.accuracy_p = bootstrap_p(replicates, 0);
  difference.method = "paired bootstrap of the documents";
}

}  // namespace

Measurements measure(const Predictions& predictions, const BootstrapOptions& options) {
  switch (predictions.kind) {
    case PredictionKind::values:
      return measure_values(predictions, options);
    case PredictionKind::language:
      return measure_language(predictions, options);
    case PredictionKind::classes:
      break;
  }
  return measure_classes(predictions, options);
}

PairedDifference compare(const Predictions& first, const Predictions& second,
                         const BootstrapOptions& options) {
  const auto pairs = matched(first, second);
  PairedDifference difference;
  difference.rows = std::int64_t(pairs.size());
  difference.unmatched = first.rows() + second.rows() - 2 * difference.rows;
  if (pairs.empty()) return difference;
  switch (first.kind) {
    case PredictionKind::values:
      compare_values(difference, first, second, pairs, options);
      break;
    case PredictionKind::language:
      compare_language(difference, first, second, pairs, options);
      break;
    case PredictionKind::classes:
      compare_classes(difference, first, second, pairs, options);
  }
  return difference;
}

}  // namespace temper
