#include "experiments/draw.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/digest.hpp"
#include "core/philox.hpp"

namespace temper {

namespace {

double nine_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return std::strtod(text, nullptr);
}

Json number_of(const SearchAxis::Range& range, double value) {
  return range.integer ? Json(std::int64_t(std::llround(value))) : Json(nine_digits(value));
}

// Points of a stepped range; a last step that falls short by rounding alone counts.
std::int64_t points_of(const SearchAxis::Range& range) {
  const double step = range.step > 0 ? range.step : 1;
  return std::int64_t(std::floor((range.max - range.min) / step + 1e-9)) + 1;
}

}  // namespace

std::int64_t grid_size(const SearchAxis& axis) {
  if (!axis.range) return std::int64_t(axis.values.size());
  const SearchAxis::Range& range = *axis.range;
  return range.step > 0 || (range.integer && !range.log) ? points_of(range) : 0;
}

std::vector<Json> grid_values(const SearchAxis& axis) {
  if (!axis.range) return axis.values;
  const double step = axis.range->step > 0 ? axis.range->step : 1;
  std::vector<Json> values;
  for (std::int64_t i = 0; i < grid_size(axis); ++i)
    values.push_back(number_of(*axis.range, axis.range->min + double(i) * step));
  return values;
}

std::uint32_t axis_word(const std::string& key) {
  return std::uint32_t(std::strtoul(sha256_hex(key).substr(0, 8).c_str(), nullptr, 16));
}

Json draw_value(const SearchAxis& axis, std::uint32_t word, std::uint64_t seed,
                std::uint64_t trial) {
  const auto words = philox(philox_key(seed), {std::uint32_t(trial), std::uint32_t(trial >> 32),
                                               word, purpose_word(Purpose::search)});
  const double u = uniform_double(words[0], words[1]);
  const auto below = [&](std::int64_t n) {
    return std::min(n - 1, std::int64_t(std::floor(u * double(n))));
  };
  if (!axis.range) return axis.values[std::size_t(below(std::int64_t(axis.values.size())))];
  const SearchAxis::Range& r = *axis.range;
  if (r.log) {
    const double half = r.integer ? 0.5 : 0, low = std::log(r.min - half);
    const double drawn = std::exp(low + u * (std::log(r.max + half) - low));
    return number_of(r, std::clamp(r.integer ? std::round(drawn) : drawn, r.min, r.max));
  }
  if (r.step > 0 || r.integer)
    return number_of(r, r.min + double(below(points_of(r))) * (r.step > 0 ? r.step : 1));
  return number_of(r, r.min + u * (r.max - r.min));
}

}  // namespace temper
