// The flat buffer of one ParamUnit: where each tensor lies, and which extent each data-parallel
// rank owns.
//
// Rule: offset[k] = align_up(offset[k-1] + numel[k-1], atom); length = align_up(end, atom * dp);
// rank r owns [r, r+1) * length / dp. Padding is zero and is in no norm, checkpoint or decay.
//   plan_unit_layout("block.0", {{0, 10}, {1, 6}, {2, 5}}, /*dp=*/4, /*atom=*/4)  ->  offsets 0,
//   12, 20, length 32
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/extent.hpp"

namespace temper {

struct TensorSlot {
  int tensor = 0;  // index into the plan's logical tensors
  Extent extent;   // elements in the unit's flat buffer
};

struct UnitLayout {
  std::string name;
  std::vector<TensorSlot> slots;
  std::int64_t length = 0;  // elements with padding
  int dp = 1;
  bool trained = true;  // false: weights alone, no gradients, masters or moments
  Extent owned_by(int coordinate) const {
    return {coordinate * (length / dp), (coordinate + 1) * (length / dp)};
  }
};

struct TensorSize {
  int tensor = 0;
  std::int64_t numel = 0;
};

inline constexpr std::int64_t kUnitAtom = 64;
UnitLayout plan_unit_layout(const std::string& name, const std::vector<TensorSize>& tensors, int dp,
                            std::int64_t atom = kUnitAtom);

}  // namespace temper
