// Tensors on their way into a file: one at a time, so that a model is never whole in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace temper {

struct TensorStream {
  std::string name;
  std::vector<std::int64_t> shape;
  std::function<void(float* out)> read;  // all elements, row-major

  std::int64_t numel() const {
    std::int64_t count = 1;
    for (const std::int64_t dim : shape) count *= dim;
    return count;
  }
};

}  // namespace temper
