// Vectors of 64 bytes, whatever the processor has: the compiler makes two or four of one where
// registers are shorter.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace temper {

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

inline void multiply_add(VectorOf<float>::Type& sum, float left, VectorOf<float>::Type right) {
  sum += left * right;
}
inline void multiply_add(VectorOf<double>::Type& sum, double left, VectorOf<double>::Type right) {
  sum += left * right;
}

// Memory that begins at a cache line, kept from use to use; new elements are zero.
template <class V>
class Buffer {
 public:
  V* fit(std::int64_t count) {
    const auto lines = std::size_t((count + kLanes<V> - 1) / kLanes<V>);
    if (lines_.size() < lines) lines_.resize(lines);
    return data();
  }
  V* data() { return lines_.empty() ? nullptr : lines_.front().values; }

 private:
  struct alignas(64) Line {
    V values[64 / sizeof(V)];
  };
  std::vector<Line> lines_;
};

namespace detail {

// One step of a transposition by halves: the off-diagonal S x S blocks of two rows change places.
template <int S, class V, std::size_t... L>
inline void exchange(V& a, V& b, std::index_sequence<L...>) {
  const V upper = __builtin_shufflevector(a, b, ((L & S) == 0 ? L : 16 + L - S)...);
  b = __builtin_shufflevector(a, b, ((L & S) == 0 ? L + S : 16 + L)...);
  a = upper;
}
template <int S, class V>
inline void exchange_all(V (&block)[16]) {
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i)
    if ((i & S) == 0) exchange<S>(block[i], block[i + S], std::make_index_sequence<16>{});
}

}  // namespace detail

// Transposes sixteen vectors of four-byte elements in place.
template <class V>
inline void turn_over(V (&block)[16]) {
  detail::exchange_all<8>(block);
  detail::exchange_all<4>(block);
  detail::exchange_all<2>(block);
  detail::exchange_all<1>(block);
}

// columns[c][i] = rows[i][c] for `count` rows of `width` elements; columns up to the next whole
// vector of rows are 0. Sixteen by sixteen in registers where elements have four bytes.
template <class E>
void transpose(const E* rows, std::int64_t stride, std::int64_t count, std::int64_t width,
               std::int64_t column_stride, E* columns) {
  using V = typename VectorOf<E>::Type;
  std::int64_t c0 = 0;
  if constexpr (sizeof(E) == 4) {
    for (; c0 + 16 <= width; c0 += 16)
      for (std::int64_t i0 = 0; i0 < count; i0 += 16) {
        V block[16];
        for (std::int64_t i = 0; i < 16; ++i)
          block[i] =
              i0 + i < count ? *reinterpret_cast<const V*>(rows + (i0 + i) * stride + c0) : V{};
        turn_over(block);
        for (std::int64_t c = 0; c < 16; ++c)
          *reinterpret_cast<V*>(columns + (c0 + c) * column_stride + i0) = block[c];
      }
  }
  const std::int64_t padded = (count + kLanes<E> - 1) / kLanes<E> * kLanes<E>;
  for (; c0 < width; ++c0)
    for (std::int64_t i = 0; i < padded; ++i)
      columns[c0 * column_stride + i] = i < count ? rows[i * stride + c0] : E{};
}

}  // namespace temper
