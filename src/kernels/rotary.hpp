// Rotary positions (Su et al. 2021, 2104.09864) in the half-split layout of Hugging Face files:
// y = x cos + rotate_half(x) sin, rotate_half(x) = (-x2, x1), over the first `rotated` channels.
#pragma once

#include <cstdint>

#include "kernels/number.hpp"

namespace temper {

// Turns `heads` heads of each token in place. Token t's heads begin at x + t * stride. `cosines`
// and `sines` are [positions, rotated / 2] in the accumulation type (with the kind's attention
// factor); positions [tokens] index their rows. `inverse` turns back: the backward pass.
template <class T>
void rotate(T* x, std::int64_t stride, std::int64_t heads, std::int64_t head_size,
            std::int64_t rotated, const Accumulate<T>* cosines, const Accumulate<T>* sines,
            const std::int32_t* positions, std::int64_t tokens, bool inverse);

}  // namespace temper
