// What all layers know of one pass of a micro-batch.
#pragma once

#include <vector>

#include "model/layers/rotary_table.hpp"
#include "model/packed_batch.hpp"

namespace temper {

class KeyValueCache;

struct Pass {
  const PackedBatch& batch;
  const std::vector<RotaryTable>& rotary;  // by LayerShape::rope
  std::uint64_t seed = 0;
  double attn_dropout = 0, hidden_dropout = 0, lora_dropout = 0;  // 0 when evaluating
  const KeyValueCache* cache = nullptr;                           // of generation

  // `layer` counts blocks from 1; 0 is what lies outside of them.
  DropoutKey key(std::uint32_t layer, std::uint32_t op, double probability) const {
    return {seed, batch.step, layer, op, probability};
  }
};

// What each number of dropout is for, within a layer.
namespace dropout_op {
inline constexpr std::uint32_t attention_output = 1, mlp_output = 2, embedding = 3, head = 4,
                               head_dense = 5, adapters = 5, probabilities = 16;
}  // namespace dropout_op

}  // namespace temper
