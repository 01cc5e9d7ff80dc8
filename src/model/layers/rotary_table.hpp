// Cosines and sines of rotary positions for the tokens of a batch.
//
//   const RotaryTable table = rotary_table(shape.ropes[0], shape, batch, at::kFloat);
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/packed_batch.hpp"
#include "plan/model_shape.hpp"

namespace temper {

struct RotaryTable {
  at::Tensor cosines, sines;       // [rows, rotated / 2] in the accumulation type
  std::vector<std::int32_t> rows;  // [tokens] the row of each token
  std::int64_t rotated = 0;        // channels of a head
};

// One row for each position that occurs; where a document's length decides the frequencies
// (longrope), long documents have rows of their own.
RotaryTable rotary_table(const Rope& rope, const ModelShape& shape, const PackedBatch& batch,
                         at::ScalarType accumulate);

}  // namespace temper
