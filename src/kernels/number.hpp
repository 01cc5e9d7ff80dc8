// Numbers as kernels see them: storage types, their accumulation types, and vectorisable
// mathematics.
//
// A kernel is a template over the storage type T (double, float, Bf16) that loads to Accumulate<T>,
// computes there, and stores with one rounding. Loops are plain so that the compiler makes vector
// code of them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

namespace temper {

// The upper half of an fp32. Rounding is to nearest even; NaN payloads are not kept.
struct Bf16 {
  std::uint16_t bits;
};

template <class T>
using Accumulate = std::conditional_t<std::is_same_v<T, double>, double, float>;

inline double load(const double* p) { return *p; }
inline float load(const float* p) { return *p; }
inline float load(const Bf16* p) { return std::bit_cast<float>(std::uint32_t(p->bits) << 16); }
inline void store(double* p, double value) { *p = value; }
inline void store(float* p, float value) { *p = value; }
inline void store(Bf16* p, float value) {
  const auto word = std::bit_cast<std::uint32_t>(value);
  p->bits = std::uint16_t((word + 0x7fffu + (word >> 16 & 1)) >> 16);
}

// e^x for x <= ~88, relative error below 3e-7 (Cephes polynomial); 0 below -87.
inline float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : x;
  const float n = std::nearbyint(x * 1.44269504088896341f);
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float value = p * r * r + r + 1.0f;
  return value * std::bit_cast<float>(std::int32_t(n + 127.0f) << 23);
}
inline double fast_exp(double x) { return std::exp(x); }

// tanh, relative error below 4e-7 (Cephes: a polynomial near 0, the exponential elsewhere).
inline float fast_tanh(float x) {
  const float size = std::fabs(x), z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float near = p * z * x + x;
  const float far = 1.0f - 2.0f / (fast_exp(2.0f * (size < 40.0f ? size : 40.0f)) + 1.0f);
  return size < 0.625f ? near : std::copysign(far, x);
}
inline double fast_tanh(double x) { return std::tanh(x); }

// Phi(x), the normal distribution: GELU's gate. fp32: Abramowitz and Stegun 7.1.26, absolute error
// below 1e-7.
inline float normal_cdf(float x) {
  const float z = std::fabs(x) * 0.70710678118654752f;
  const float t = 1.0f / (1.0f + 0.3275911f * z);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const float half = 0.5f * p * t * fast_exp(-z * z);
  return x >= 0 ? 1.0f - half : half;
}
inline double normal_cdf(double x) { return 0.5 * std::erfc(-x * 0.70710678118654752440); }

template <class A>
inline A normal_density(A x) {
  return A(0.39894228040143267794) * fast_exp(-x * x / 2);
}

}  // namespace temper
