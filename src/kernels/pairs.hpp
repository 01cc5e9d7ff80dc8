// Pairs of Bf16 that lie next to each other in the inner dimension of a product: processors with
// AVX512-BF16 multiply and add 32 of them at once (vdpbf16ps), twice the rate of fp32.
//
//   sum += left.first * right.first + left.second * right.second      in each of 16 lanes
#pragma once

#include <cstdint>

#include "kernels/number.hpp"
#include "kernels/vectors.hpp"

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

namespace temper {

struct [[gnu::packed, gnu::may_alias]] Pair {
  std::uint32_t bits;  // the first element in the lower half, as in memory
};

template <>
struct VectorOf<Pair> {
  using Type [[gnu::vector_size(64), gnu::aligned(4), gnu::may_alias]] = std::uint32_t;
};

#ifdef __AVX512BF16__

inline constexpr bool kMultipliesPairs = true;

inline void multiply_add(VectorOf<float>::Type& sum, Pair left, VectorOf<Pair>::Type right) {
  sum = (VectorOf<float>::Type)_mm512_dpbf16_ps(
      (__m512)sum, (__m512bh)_mm512_set1_epi32(int(left.bits)), (__m512bh)right);
}

// Rounded to pairs: elements 2i and 2i + 1 of a row. `count` is a multiple of 16.
inline void pair_along(const float* row, std::int64_t count, Pair* pairs) {
  std::int64_t i = 0;
  for (; i + 32 <= count; i += 32)
    _mm512_storeu_si512(pairs + i / 2, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(row + i + 16),
                                                                    _mm512_loadu_ps(row + i)));
  if (i < count)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(pairs + i / 2),
                        (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(row + i)));
}

// Rounded to pairs: element i of one row with element i of the next, which may be null for zeros.
// `count` is a multiple of 16.
inline void pair_across(const float* first, const float* second, std::int64_t count, Pair* pairs) {
  using Half [[gnu::vector_size(32)]] = std::uint16_t;
  using Words = VectorOf<Pair>::Type;
  const auto rounded = [](const float* at) {
    return __builtin_convertvector((Half)_mm512_cvtneps_pbh(_mm512_loadu_ps(at)), Words);
  };
  for (std::int64_t i = 0; i < count; i += 16) {
    Words pair = rounded(first + i);
    if (second != nullptr) pair |= rounded(second + i) << 16;
    *reinterpret_cast<Words*>(pairs + i) = pair;
  }
}

#else

inline constexpr bool kMultipliesPairs = false;

#endif

}  // namespace temper
