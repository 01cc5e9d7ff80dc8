// Products of matrices that fit into the cache, accumulated in registers: what attention over one
// document and head is made of. No call, no packing, no allocation.
//
//   small_product<false, E, A>(rows, inner, columns, a, b, c, /*add=*/false);   C = A B
//   small_product<true, E, A>(...)                                              C = A^T B
//
// A is [rows, inner], or [inner, rows] where it is taken transposed; B is [inner, columns]; columns
// is a multiple of kLanes<A>. Each element is summed in the order of `inner`. E is C's type
// or a pair (pairs.hpp), where `inner` counts pairs.
#pragma once

#include <cstdint>

#include "kernels/vectors.hpp"

namespace temper {

template <class A>
struct Matrix {
  A* data;
  std::int64_t stride;
};

// Rows of C that are summed in registers at once: as many as 32 registers of 64 bytes hold with two
// vectors each, or half of that.
#ifdef __AVX512F__
inline constexpr int kTileRows = 8;
#else
inline constexpr int kTileRows = 4;
#endif

template <bool kTransposed, int kRows, int kVectors, class E, class A>
inline void product_tile(Matrix<const E> a, Matrix<const E> b, Matrix<A> c, std::int64_t inner,
                         bool add) {
  using V = typename VectorOf<A>::Type;
  using F = typename VectorOf<E>::Type;
  V sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] = add ? *reinterpret_cast<V*>(c.data + r * c.stride + v * kLanes<A>) : V{};
  for (std::int64_t k = 0; k < inner; ++k) {
    F row[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      row[v] = *reinterpret_cast<const F*>(b.data + k * b.stride + v * kLanes<A>);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const E factor = kTransposed ? a.data[k * a.stride + r] : a.data[r * a.stride + k];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) multiply_add(sum[r][v], factor, row[v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      *reinterpret_cast<V*>(c.data + r * c.stride + v * kLanes<A>) = sum[r][v];
}

template <bool kTransposed, int kVectors, class E, class A>
inline void product_columns(std::int64_t rows, std::int64_t inner, Matrix<const E> a,
                            Matrix<const E> b, Matrix<A> c, bool add) {
  const std::int64_t step = kTransposed ? 1 : a.stride;
  const auto tile = [&]<int kRows>(std::int64_t r) {
    product_tile<kTransposed, kRows, kVectors, E, A>({a.data + r * step, a.stride}, b,
                                                     {c.data + r * c.stride, c.stride}, inner, add);
  };
  std::int64_t r = 0;
  for (; r + kTileRows <= rows; r += kTileRows) tile.template operator()<kTileRows>(r);
  for (; r + 4 <= rows; r += 4) tile.template operator()<4>(r);
  if (rows - r == 3) tile.template operator()<3>(r);
  if (rows - r == 2) tile.template operator()<2>(r);
  if (rows - r == 1) tile.template operator()<1>(r);
}

template <bool kTransposed, class E, class A>
inline void small_product(std::int64_t rows, std::int64_t inner, std::int64_t columns,
                          Matrix<const E> a, Matrix<const E> b, Matrix<A> c, bool add) {
  std::int64_t j = 0;
  for (; j + 2 * kLanes<A> <= columns; j += 2 * kLanes<A>)
    product_columns<kTransposed, 2, E, A>(rows, inner, a, {b.data + j, b.stride},
                                          {c.data + j, c.stride}, add);
  for (; j < columns; j += kLanes<A>)
    product_columns<kTransposed, 1, E, A>(rows, inner, a, {b.data + j, b.stride},
                                          {c.data + j, c.stride}, add);
}

}  // namespace temper
