#include "analysis/regression.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/contract.hpp"

namespace temper {
namespace {

constexpr double kNotDefined = std::numeric_limits<double>::quiet_NaN();

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
}

bool constant(std::span<const double> values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

double pearson(std::span<const double> x, std::span<const double> y) {
  if (x.size() < 2 || constant(x) || constant(y)) return kNotDefined;
  const double mean_x = mean_of(x), mean_y = mean_of(y);
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double a = x[i] - mean_x, b = y[i] - mean_y;
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0);
}

// Ranks from 1; equal values share the average of theirs.
std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = double(begin + 1 + end) / 2;
  }
  return ranks;
}

double r2(std::span<const double> truth, double squared_errors) {
  if (truth.size() < 2) return kNotDefined;
  const double mean = mean_of(truth);
  double spread = 0;
  for (const double value : truth) spread += (value - mean) * (value - mean);
  if (spread == 0) return squared_errors == 0 ? 1 : 0;
  return 1 - squared_errors / spread;
}

}  // namespace

RegressionScores score_regression(std::span<const double> truth,
                                  std::span<const double> prediction) {
  expects(truth.size() == prediction.size(), "a regression has one prediction for each row");
  RegressionScores scores;
  scores.rows = std::int64_t(truth.size());
  if (truth.empty()) return {0, kNotDefined, kNotDefined, kNotDefined, kNotDefined, kNotDefined};
  double squares = 0, absolutes = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double error = prediction[i] - truth[i];
    squares += error * error;
    absolutes += std::abs(error);
  }
  scores.mse = squares / double(truth.size());
  scores.mae = absolutes / double(truth.size());
  scores.r2 = r2(truth, squares);
  scores.pearson = pearson(truth, prediction);
  scores.spearman = pearson(ranks_of(truth), ranks_of(prediction));
  return scores;
}

}  // namespace temper
