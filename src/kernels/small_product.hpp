// Products of matrices that fit into the cache, accumulated in registers: what attention over one
// document and head is made of. No call, no packing, no allocation.
//
//   small_product<false, A>(rows, inner, columns, a, b, c, /*add=*/false);   C = A B
//   small_product<true, A>(...)                                              C = A^T B
//
// A is [rows, inner], or [inner, rows] where it is taken transposed; B is [inner, columns]; columns
// is a multiple of kLanes<A>. Each element is summed in the order of `inner`.
#pragma once

#include <cstdint>

namespace temper {

// A vector of 64 bytes; the compiler makes two or four of it where registers are shorter.
template <class A>
struct VectorOf;
template <>
struct VectorOf<float> {
  using Type [[gnu::vector_size(64), gnu::aligned(4), gnu::may_alias]] = float;
};
template <>
struct VectorOf<double> {
  using Type [[gnu::vector_size(64), gnu::aligned(8), gnu::may_alias]] = double;
};
template <class A>
inline constexpr std::int64_t kLanes = 64 / sizeof(A);

template <class A>
struct Matrix {
  A* data;
  std::int64_t stride;
};

template <bool kTransposed, int kRows, int kVectors, class A>
inline void product_tile(Matrix<const A> a, Matrix<const A> b, Matrix<A> c, std::int64_t inner,
                         bool add) {
  using V = typename VectorOf<A>::Type;
  V sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] = add ? *reinterpret_cast<V*>(c.data + r * c.stride + v * kLanes<A>) : V{};
  for (std::int64_t k = 0; k < inner; ++k) {
    V row[kVectors];
    for (int v = 0; v < kVectors; ++v)
      row[v] = *reinterpret_cast<const V*>(b.data + k * b.stride + v * kLanes<A>);
    for (int r = 0; r < kRows; ++r) {
      const A factor = kTransposed ? a.data[k * a.stride + r] : a.data[r * a.stride + k];
      for (int v = 0; v < kVectors; ++v) sum[r][v] += factor * row[v];
    }
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v)
      *reinterpret_cast<V*>(c.data + r * c.stride + v * kLanes<A>) = sum[r][v];
}

template <bool kTransposed, int kVectors, class A>
inline void product_columns(std::int64_t rows, std::int64_t inner, Matrix<const A> a,
                            Matrix<const A> b, Matrix<A> c, bool add) {
  const std::int64_t step = kTransposed ? 1 : a.stride;
  std::int64_t r = 0;
  for (; r + 4 <= rows; r += 4)
    product_tile<kTransposed, 4, kVectors>({a.data + r * step, a.stride}, b,
                                           {c.data + r * c.stride, c.stride}, inner, add);
  for (; r < rows; ++r)
    product_tile<kTransposed, 1, kVectors>({a.data + r * step, a.stride}, b,
                                           {c.data + r * c.stride, c.stride}, inner, add);
}

template <bool kTransposed, class A>
inline void small_product(std::int64_t rows, std::int64_t inner, std::int64_t columns,
                          Matrix<const A> a, Matrix<const A> b, Matrix<A> c, bool add) {
  std::int64_t j = 0;
  for (; j + 2 * kLanes<A> <= columns; j += 2 * kLanes<A>)
    product_columns<kTransposed, 2, A>(rows, inner, a, {b.data + j, b.stride},
                                       {c.data + j, c.stride}, add);
  for (; j < columns; j += kLanes<A>)
    product_columns<kTransposed, 1, A>(rows, inner, a, {b.data + j, b.stride},
                                       {c.data + j, c.stride}, add);
}

}  // namespace temper
