// Factors of attention's products in the form in which they are multiplied: fp32 or fp64, or pairs
// of Bf16 where the processor multiplies those. Internal to attention.
//
// A left factor has the inner dimension along its rows, an inner one across them: for S = Q K^T
// (inner: channels) Q is left and K's columns are inner; for O = P V (inner: keys) V is inner.
#pragma once

#include <cmath>

#include "kernels/pairs.hpp"
#include "kernels/small_product.hpp"

namespace temper {

// What an operand is needed as, besides left.
struct Uses {
  bool inner = false;    // tokens are the inner dimension
  bool columns = false;  // transposed: channels are
};

// Tokens that an inner factor's row holds.
template <class E>
inline constexpr std::int64_t kInner = 1;
template <>
inline constexpr std::int64_t kInner<Pair> = 2;

// Rows of queries, keys, values or gradients of one document and head. `width` is the head size in
// whole vectors, `padded` the stride of columns.
template <class E>
struct Operand {
  Matrix<const E> left{}, inner{}, columns{};
  Buffer<E> rows_buffer, columns_buffer;

  template <class T>
  void load(const T* from, std::int64_t stride, std::int64_t count, std::int64_t size,
            std::int64_t width, E factor, Uses uses, std::int64_t padded) {
    E* rows = rows_buffer.fit(count * width);
    for (std::int64_t i = 0; i < count; ++i) {
      const T* in = from + i * stride;
      E* row = rows + i * width;
      std::int64_t c = 0;
#pragma omp simd
      for (c = 0; c < size; ++c) row[c] = factor * temper::load(in + c);
      for (c = size; c < width; ++c) row[c] = 0;
    }
    left = inner = {rows, width};
    if (!uses.columns) return;
    E* to = columns_buffer.fit(width * padded);
    transpose(rows, width, count, width, padded, to);
    columns = {to, padded};
  }
};

// Pairs along channels are as the tensor has them: nothing is copied. The head size is even.
template <>
struct Operand<Pair> {
  Matrix<const Pair> left{}, inner{}, columns{};
  Buffer<Pair> rows_buffer, columns_buffer;

  void load(const Bf16* from, std::int64_t stride, std::int64_t count, std::int64_t size,
            std::int64_t width, float /*factor: scores are scaled*/, Uses uses,
            std::int64_t padded) {
    left = {reinterpret_cast<const Pair*>(from), stride / 2};
    if (uses.inner) {
      Pair* rows = rows_buffer.fit((count + 1) / 2 * width);
      for (std::int64_t i = 0; i < count; i += 2) {
        const Bf16* first = from + i * stride;
        const Bf16* second = first + (i + 1 < count ? stride : 0);
        const std::uint32_t mask = i + 1 < count ? 0xffffu : 0u;
        Pair* row = rows + i / 2 * width;
#pragma omp simd
        for (std::int64_t c = 0; c < size; ++c)
          row[c].bits = first[c].bits | (second[c].bits & mask) << 16;
        for (std::int64_t c = size; c < width; ++c) row[c].bits = 0;
      }
      inner = {rows, width};
    }
    if (!uses.columns) return;
    Pair* to = columns_buffer.fit(size / 2 * padded);
    transpose(left.data, left.stride, count, size / 2, padded, to);
    columns = {to, padded};
  }
};

// Scores of a block of queries, or their gradients, as a factor. `scores` points at the first
// column; its rows are zero up to whole vectors.
template <class A>
struct ScoreFactor {
  Matrix<const A> left(Matrix<A> scores, std::int64_t, std::int64_t) {
    return {scores.data, scores.stride};
  }
  Matrix<const A> transposed(Matrix<A> scores, std::int64_t, std::int64_t) {
    return {scores.data, scores.stride};
  }
};

#ifdef __AVX512BF16__
template <>
struct ScoreFactor<Pair> {
  Buffer<Pair> left_buffer, transposed_buffer;

  // [rows, columns / 2]
  Matrix<const Pair> left(Matrix<float> scores, std::int64_t rows, std::int64_t columns) {
    const std::int64_t stride = scores.stride / 2;
    Pair* to = left_buffer.fit(rows * stride);
    for (std::int64_t i = 0; i < rows; ++i)
      pair_along(scores.data + i * scores.stride, columns, to + i * stride);
    return {to, stride};
  }
  // [rows / 2, columns]
  Matrix<const Pair> transposed(Matrix<float> scores, std::int64_t rows, std::int64_t columns) {
    Pair* to = transposed_buffer.fit((rows + 1) / 2 * scores.stride);
    for (std::int64_t i = 0; i < rows; i += 2) {
      const float* first = scores.data + i * scores.stride;
      pair_across(first, i + 1 < rows ? first + scores.stride : nullptr, columns,
                  to + i / 2 * scores.stride);
    }
    return {to, scores.stride};
  }
};
#endif

}  // namespace temper
