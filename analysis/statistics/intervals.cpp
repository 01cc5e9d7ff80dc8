#include "analysis/statistics/intervals.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "analysis/statistics/distributions.hpp"
#include "core/contract.hpp"

namespace temper {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<double> sorted_copy(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace

double mean(std::span<const double> values) {
  return values.empty()
             ? kNone
             : std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double middle = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return std::sqrt(squares / double(values.size() - 1));
}

double quantile(std::span<const double> sorted, double p) {
  expects(!sorted.empty(), "a quantile needs values");
  const double place = std::clamp(p, 0.0, 1.0) * double(sorted.size() - 1);
  const auto below = std::min(std::size_t(place), sorted.size() - 1);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - double(below)) * (sorted[above] - sorted[below]);
}

double median(std::span<const double> values) {
  return values.empty() ? kNone : quantile(sorted_copy(values), 0.5);
}

Interval wilson_interval(std::int64_t hits, std::int64_t rows, double confidence) {
  if (rows == 0) return {kNone, kNone, "no rows"};
  const double z = normal_quantile(0.5 + confidence / 2), n = double(rows), p = double(hits) / n;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  // At the ends the formula gives 0 and 1 up to rounding.
  return {hits == 0 ? 0 : std::max(0.0, centre - half),
          hits == rows ? 1 : std::min(1.0, centre + half), "Wilson"};
}

Interval t_interval(std::span<const double> values, double confidence) {
  if (values.size() < 2) return {kNone, kNone, "one value has no interval"};
  const double n = double(values.size()), middle = mean(values);
  const double half =
      student_quantile(0.5 + confidence / 2, n - 1) * standard_deviation(values) / std::sqrt(n);
  return {middle - half, middle + half, "Student's t"};
}

Interval median_interval(std::span<const double> values, double confidence) {
  const auto n = std::int64_t(values.size());
  // The largest l with P(X <= l - 1) <= (1 - confidence) / 2: ranks l and n + 1 - l.
  std::int64_t rank = 0;
  while (rank + 1 <= n / 2 && fair_binomial_cdf(n, rank) <= (1 - confidence) / 2) ++rank;
  if (rank > 0) {
    const std::vector<double> sorted = sorted_copy(values);
    return {sorted[std::size_t(rank - 1)], sorted[std::size_t(n - rank)], "ranks of the median"};
  }
  std::vector<double> logarithms;
  for (const double value : values) logarithms.push_back(std::log(value));
  Interval interval = t_interval(logarithms, confidence);
  if (std::isnan(interval.low)) return interval;
  return {std::exp(interval.low), std::exp(interval.high), "Student's t of the logarithms"};
}

SpeedUp paired_speed_up(std::span<const double> a, std::span<const double> b, double confidence) {
  expects(a.size() == b.size(), "a paired speed-up needs pairs");
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); ++i) differences.push_back(std::log(a[i]) - std::log(b[i]));
  const Interval interval = t_interval(differences, confidence);
  return {std::exp(mean(differences)),
          {std::exp(interval.low), std::exp(interval.high), interval.method}};
}

}  // namespace temper
