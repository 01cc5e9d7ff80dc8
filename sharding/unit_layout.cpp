#include "sharding/unit_layout.hpp"

namespace temper {

UnitLayout plan_unit_layout(const std::string& name, const std::vector<TensorSize>& tensors, int dp,
                            std::int64_t atom) {
  UnitLayout layout{.name = name, .slots = {}, .length = 0, .dp = dp};
  std::int64_t end = 0;
  for (const TensorSize& tensor : tensors) {
    const std::int64_t begin = align_up(end, atom);
    end = begin + tensor.numel;
    layout.slots.push_back({tensor.tensor, {begin, end}});
  }
  layout.length = align_up(end, atom * dp);
  return layout;
}

}  // namespace temper
