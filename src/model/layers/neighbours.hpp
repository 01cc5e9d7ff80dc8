// Matrices that lie next to each other, seen as one: what lets one product compute several linears.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace temper {

// The rows of all parts as one view; undefined where they are not neighbours in memory.
inline at::Tensor as_one(const std::vector<at::Tensor>& parts) {
  std::int64_t rows = 0, next = parts.front().storage_offset();
  for (const at::Tensor& part : parts) {
    if (part.storage_offset() != next || !part.is_alias_of(parts.front())) return {};
    rows += part.size(0), next += part.numel();
  }
  auto sizes = parts.front().sizes().vec();
  sizes[0] = rows;
  return parts.front().as_strided(sizes, parts.front().strides());
}

}  // namespace temper
