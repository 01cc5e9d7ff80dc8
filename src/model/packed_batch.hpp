// The documents of one micro-batch, end to end: no padding anywhere. T tokens, n documents.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "kernels/elementwise.hpp"

namespace temper {

struct PackedBatch {
  std::vector<std::int32_t> ids, positions, types;  // [T]; types may be empty (all 0)
  std::vector<std::int64_t> offsets{0};             // [n + 1]
  // [T] language models: the id that position t predicts; token classification: its class; -1 where
  // nothing is predicted. Empty for other tasks.
  std::vector<std::int32_t> targets;
  std::vector<TokenPlace> places;       // [T]: (document, position), the keys of dropout
  std::vector<std::int64_t> labels;     // [n] classes
  std::vector<double> values;           // [n] regression targets
  std::vector<std::int64_t> documents;  // [n] index in the split
  std::uint32_t step = 0;               // optimizer step, a key of dropout

  std::int64_t tokens() const { return std::int64_t(ids.size()); }
  std::int64_t size() const { return std::int64_t(offsets.size()) - 1; }
};

}  // namespace temper
