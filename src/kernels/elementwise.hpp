// Element-wise kernels over [rows, width]: GELU with its bias gradient, dropout by counter, sums
// and conversions.
#pragma once

#include <cstdint>

#include "core/philox.hpp"
#include "kernels/number.hpp"

namespace temper {

// gelu: x Phi(x) (Hendrycks and Gimpel 2016, the exact form); gelu_tanh: their approximation, as
// Transformers' gelu_new; silu: x / (1 + e^-x); relu: max(x, 0); tanh.
enum class Curve { gelu, gelu_tanh, silu, relu, tanh };

// y = curve(x)
template <class T>
void activation_forward(Curve curve, const T* x, std::int64_t count, T* y);

// dx = dy curve'(x), written over dy; column sums of dx are added to bias_gradient [width].
template <class T>
void activation_backward(Curve curve, const T* x, T* dy, std::int64_t rows, std::int64_t width,
                         Accumulate<T>* bias_gradient);

// Column sums of dy [rows, width] are added to `sums` [width].
template <class T>
void add_column_sums(const T* dy, std::int64_t rows, std::int64_t width, Accumulate<T>* sums);

// accumulator += value, converted.
template <class T>
void add_converted(const T* value, std::int64_t count, Accumulate<T>* accumulator);

// What a row's dropout numbers are keyed by, besides seed, step, layer and op.
struct TokenPlace {
  std::uint32_t document = 0, position = 0;
};

struct DropoutKey {
  std::uint64_t seed = 0;
  std::uint32_t step = 0, layer = 0, op = 0;
  double probability = 0;
};

// x = keep ? x / (1 - p) : 0 in place. Calling it on the gradient with the same key is its
// backward.
template <class T>
void dropout(T* x, const TokenPlace* places, std::int64_t rows, std::int64_t width,
             const DropoutKey& key);

// Scales of one row: 0 or 1 / (1 - p) for `width` channels.
void dropout_scales(const DropoutKey& key, TokenPlace place, std::int64_t width, float* scales);

}  // namespace temper
