// RMSNorm of a sum (Zhang and Sennrich 2019), row by row: the residual addition is part of the
// pass.
//
// y = s / sqrt(mean(s^2) + eps) * gain with s = x + residual. Statistics are kept in the
// accumulation type. With `plus_one` the gain is 1 + w (Gemma). Rounding follows Transformers: the
// normalised row is rounded to T before it is multiplied by w (Llama), but not before 1 + w.
#pragma once

#include <cstdint>

#include "kernels/number.hpp"

namespace temper {

// x, residual (may be null), sum, y: [rows, width]. `sum` keeps s for backward and may be x itself.
// stats: [rows] 1 / sqrt(mean(s^2) + eps).
template <class T>
void rms_norm_forward(const T* x, const T* residual, const T* gain, bool plus_one, double eps,
                      std::int64_t rows, std::int64_t width, T* sum, T* y, Accumulate<T>* stats);

// dy, sum, ds: [rows, width]; ds is the gradient of x and of the residual alike, plus `add`
// (another gradient of the sum that came by the residual; may be null, may be ds itself).
// gain_gradient [width] is added to; null where the gain is frozen.
template <class T>
void rms_norm_backward(const T* dy, const T* sum, const T* gain, bool plus_one,
                       const Accumulate<T>* stats, const T* add, std::int64_t rows,
                       std::int64_t width, T* ds, Accumulate<T>* gain_gradient);

}  // namespace temper
