// What a thread holds of one item of attention: rows and scores in the accumulation type, where
// they come from and where they go. Internal to attention.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/attention/operands.hpp"
#include "kernels/attention/work.hpp"

namespace temper {

// Query rows whose scores are held at once: what a causal document computes beyond its half.
inline constexpr std::int64_t kQueries = 32;

// What one item needs. E is the type of factors, A of scores and sums. Rows are [tokens, width]
// with the head size padded to whole vectors; scores [kQueries, padded]. `padded` is an odd number
// of vectors, so that rows do not meet in one set of the cache.
template <class E, class A>
struct Tile {
  Operand<E> q, k, v, go;
  ScoreFactor<E> p_factor, ds_factor;
  Buffer<A> out, dk, dv, scores, dscores;
  std::vector<A> dots;  // rowsum(out o dout) of each query
  std::vector<float> scales;
  std::int64_t width = 0, padded = 0;

  void fit(const AttentionItem& item, std::int64_t size) {
    width = align_up(size, kLanes<A>);
    padded = (align_up(item.keys.size(), kLanes<A>) / kLanes<A> | 1) * kLanes<A>;
    out.fit(item.queries.size() * width);
    for (auto* rows : {&scores, &dscores}) rows->fit(kQueries * padded);
    scales.resize(std::max(scales.size(), std::size_t(align_up(item.length, 64))));
  }
};

template <class T, class A>
void store_rows(const A* rows, std::int64_t width, std::int64_t length, std::int64_t size, A factor,
                T* to, std::int64_t stride) {
  for (std::int64_t i = 0; i < length; ++i)
#pragma omp simd
    for (std::int64_t c = 0; c < size; ++c)
      store(to + i * stride + c, factor * rows[i * width + c]);
}

// Where an item's tensors lie in qkv [tokens, heads + 2 kv_heads, size] and context [tokens,
// heads, size].
struct Layout {
  std::int64_t size, kv_heads, group, qkv_stride, context_stride;
  explicit Layout(const AttentionShape& shape)
      : size(shape.head_size),
        kv_heads(shape.kv_heads == 0 ? shape.heads : shape.kv_heads),
        group(shape.heads / kv_heads),
        qkv_stride((shape.heads + 2 * kv_heads) * size),
        context_stride(shape.heads * size) {}
  std::int64_t query(const AttentionItem& item, std::int64_t head) const {
    return (item.first + item.queries.begin) * qkv_stride + head * size;
  }
  std::int64_t key(const AttentionItem& item) const {
    return (item.first + item.keys.begin) * qkv_stride + (group * kv_heads + item.kv_head) * size;
  }
  std::int64_t context(const AttentionItem& item, std::int64_t head) const {
    return (item.first + item.queries.begin) * context_stride + head * size;
  }
};

template <class A>
A scale_of(const AttentionShape& shape) {
  return shape.scale == 0 ? A(1) / std::sqrt(A(shape.head_size)) : A(shape.scale);
}

// Some queries of an item and the keys that they see: whole vectors of columns of the tile.
struct QueryBlock {
  Extent queries, columns;  // of the document; of the tile
  QueryBlock(const AttentionShape& shape, const AttentionItem& item, std::int64_t begin)
      : queries{begin, std::min(begin + kQueries, item.queries.end)} {
    const Extent keys = visible_keys(shape, item.length, queries);
    columns = {keys.begin - item.keys.begin, keys.end - item.keys.begin};
  }
  template <class A>
  Extent vectors() const {
    return {columns.begin / kLanes<A> * kLanes<A>, align_up(columns.end, kLanes<A>)};
  }
};

inline Extent visible_columns(const AttentionShape& shape, const AttentionItem& item,
                              std::int64_t query) {
  const Extent keys = visible_keys(shape, item.length, query);
  return {keys.begin - item.keys.begin, keys.end - item.keys.begin};
}

template <class E, class A, class T>
void load_keys(const Layout& layout, const AttentionItem& item, const T* qkv, bool backward,
               Tile<E, A>& tile) {
  tile.fit(item, layout.size);
  const T *keys = qkv + layout.key(item), *values = keys + layout.kv_heads * layout.size;
  const auto load = [&](const T* from, Uses uses, Operand<E>& operand) {
    operand.load(from, layout.qkv_stride, item.keys.size(), layout.size, tile.width, 1, uses,
                 tile.padded);
  };
  load(keys, {.inner = backward, .columns = true}, tile.k);
  load(values, {.inner = !backward, .columns = backward}, tile.v);
}

}  // namespace temper
