// Intervals in closed form.
//
//   const Interval interval = wilson_interval(6739, 8311);   // [0.8023, 0.8191]
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace temper {

// `method` says how, for the report; NaN ends say that there is no interval, `method` why.
struct Interval {
  double low, high;
  std::string method;
};

// Of a proportion (Wilson 1927).
Interval wilson_interval(std::int64_t hits, std::int64_t rows, double confidence = 0.95);

// Of the mean of independent values, by Student's t. None below 2 values.
Interval t_interval(std::span<const double> values, double confidence = 0.95);

// Of the median, by ranks, without any assumption; below 6 values (where ranks cannot reach 95 %)
// of the geometric mean by Student's t of the logarithms. Values are positive.
Interval median_interval(std::span<const double> values, double confidence = 0.95);

// How often `b` is faster than `a`, run by run in pairs: exp of the mean of ln a - ln b, with
// Student's t on the logarithms. Both of the same length.
struct SpeedUp {
  double value;
  Interval interval;
};
SpeedUp paired_speed_up(std::span<const double> a, std::span<const double> b,
                        double confidence = 0.95);

double median(std::span<const double> values);
double mean(std::span<const double> values);
// With n - 1; 0 below 2 values.
double standard_deviation(std::span<const double> values);
// Linear between order statistics (Hyndman and Fan's type 7). `sorted` is not empty.
double quantile(std::span<const double> sorted, double p);

}  // namespace temper
