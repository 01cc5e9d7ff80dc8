// Flat buffers that cost nothing until they are touched.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace temper {

enum class Touch { whole, by_rows };

// `count` zeros. Pages appear when they are first written: a table of which few rows are ever
// touched (`by_rows`) takes memory for those alone; others are asked for in huge pages. Throws
// std::bad_alloc.
at::Tensor zero_buffer(std::int64_t count, at::ScalarType dtype, Touch touch);

}  // namespace temper
