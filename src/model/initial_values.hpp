// Values of tensors that no file holds, drawn by (seed, name, element): the same on every rank and
// for every layout.
//
// Gains of norms 1 (0 where the gain is 1 + w), biases 0, matrices normal(0, initializer_range);
// projections into GPT-2's residual stream divided by sqrt(2 layers) (Radford et al. 2019).
// Adapters by lora.init_lora_weights:
//
//   default    A uniform(+-1 / sqrt(in)), B 0 (PEFT)
//   gaussian   A normal(0, 1 / r), B 0 (PEFT)
//   zero       A 0, B normal(0, 1 / r): the other factor begins at 0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/model_shape.hpp"

namespace temper {

std::vector<float> initial_values(const ModelShape& shape, const LogicalTensor& tensor,
                                  const std::string& lora_init, std::uint64_t seed);

}  // namespace temper
