// Numbers for kernel tests: reproducible values in a storage type, and their exact values in fp64.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/philox.hpp"
#include "kernels/number.hpp"

namespace temper {

// Normal numbers, rounded to T.
template <class T>
std::vector<T> normal_numbers(std::int64_t count, std::uint32_t stream, double deviation = 1) {
  std::vector<T> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto words = philox({3, 5}, {std::uint32_t(i), stream, 0, 0});
    store(&values[i], Accumulate<T>(deviation * normal_pair(words[0], words[1])[0]));
  }
  return values;
}

template <class T>
std::vector<double> exact(const std::vector<T>& values) {
  std::vector<double> out;
  for (const T& value : values) out.push_back(double(load(&value)));
  return out;
}

// What one rounding to T may change, relative; fp32 kernels also round on the way.
template <class T>
constexpr double rounding() {
  if constexpr (std::is_same_v<T, double>) return 1e-13;
  if constexpr (std::is_same_v<T, float>) return 1e-6;
  return 1.0 / 256;
}

// The largest difference, relative to the largest wanted value.
inline double worst(const std::vector<double>& got, const std::vector<double>& wanted) {
  double scale = 1e-300, difference = got.size() == wanted.size() ? 0 : HUGE_VAL;
  for (const double value : wanted) scale = std::max(scale, std::fabs(value));
  for (std::size_t i = 0; i < std::min(got.size(), wanted.size()); ++i) {
    const double d = std::fabs(got[i] - wanted[i]);
    difference = std::max(difference, std::isnan(d) ? HUGE_VAL : d);
  }
  return difference / scale;
}

}  // namespace temper
