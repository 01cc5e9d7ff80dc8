// LayerNorm of a sum (Ba et al. 2016, biased variance), row by row: the residual addition is part
// of the pass.
//
// y = (s - mean) * rstd * gain + bias with s = x + residual. Statistics are kept in the
// accumulation type. bias may be null.
#pragma once

#include <cstdint>

#include "kernels/number.hpp"

namespace temper {

// x, residual (may be null), sum, y: [rows, width]. `sum` keeps s for backward and may be x itself.
// stats: [rows, 2] mean and rstd.
template <class T>
void layer_norm_forward(const T* x, const T* residual, const T* gain, const T* bias, double eps,
                        std::int64_t rows, std::int64_t width, T* sum, T* y, Accumulate<T>* stats);

// dy, sum, ds: [rows, width]; ds is the gradient of x and of the residual alike, plus `add`
// (another gradient of the sum that came by the residual; may be null). gain_gradient and
// bias_gradient [width] are added to; null where they are frozen or there is no bias.
template <class T>
void layer_norm_backward(const T* dy, const T* sum, const T* gain, const Accumulate<T>* stats,
                         const T* add, std::int64_t rows, std::int64_t width, T* ds,
                         Accumulate<T>* gain_gradient, Accumulate<T>* bias_gradient);

}  // namespace temper
