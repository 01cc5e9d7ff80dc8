// Half-open ranges of elements.
#pragma once

#include <algorithm>
#include <cstdint>

namespace temper {

struct Extent {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
  bool empty() const { return end <= begin; }
  bool contains(std::int64_t element) const { return begin <= element && element < end; }
  bool operator==(const Extent&) const = default;
};

// What two extents share; empty when nothing.
inline Extent intersect(Extent a, Extent b) {
  const std::int64_t begin = std::max(a.begin, b.begin);
  return {begin, std::max(begin, std::min(a.end, b.end))};
}

// Part `index` of `total` elements cut in `parts`; sizes differ by one at most, larger parts first.
inline Extent even_part(std::int64_t total, std::int64_t parts, std::int64_t index) {
  const std::int64_t base = total / parts, rest = total % parts;
  const std::int64_t begin = index * base + std::min(index, rest);
  return {begin, begin + base + (index < rest ? 1 : 0)};
}

inline std::int64_t align_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace temper
