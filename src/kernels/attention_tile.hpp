// What a thread holds of one item of attention: rows and scores in the accumulation type, where
// they come from and where they go. Internal to attention.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/attention_work.hpp"
#include "kernels/small_product.hpp"

namespace temper {

// Query rows whose scores are held at once: what a causal document computes beyond its half.
inline constexpr std::int64_t kQueries = 32;

// What one item needs, in the accumulation type. Rows are [tokens, width] with the head size padded
// to whole vectors by zeros; transposed [width, padded]; scores [kQueries, padded]. `padded` is an
// odd number of vectors, so that rows do not meet in one set of the cache.
template <class A>
struct Tile {
  std::vector<A> q, out, dout, dq, k, v, dk, dv, kt, vt, scores, dscores;
  std::vector<float> scales;
  std::int64_t width = 0, padded = 0;

  void fit(const AttentionItem& item, std::int64_t size) {
    width = align_up(size, kLanes<A>);
    padded = (align_up(item.keys.size(), kLanes<A>) / kLanes<A> | 1) * kLanes<A>;
    for (auto* rows : {&q, &out, &dout, &dq}) grow(*rows, item.queries.size() * width);
    for (auto* rows : {&k, &v, &dk, &dv, &kt, &vt}) grow(*rows, padded * width);
    for (auto* rows : {&scores, &dscores}) grow(*rows, kQueries * padded);
    grow(scales, align_up(item.length, 64));
  }
  template <class V>
  static void grow(std::vector<V>& values, std::int64_t count) {
    if (std::int64_t(values.size()) < count) values.resize(std::size_t(count));
  }
};

template <class T, class A>
void load_rows(const T* from, std::int64_t stride, std::int64_t length, std::int64_t size,
               std::int64_t width, A factor, A* rows) {
  for (std::int64_t i = 0; i < length; ++i) {
    A* row = rows + i * width;
    for (std::int64_t c = 0; c < size; ++c) row[c] = factor * load(from + i * stride + c);
    for (std::int64_t c = size; c < width; ++c) row[c] = 0;
  }
}

template <class T, class A>
void store_rows(const A* rows, std::int64_t width, std::int64_t length, std::int64_t size, A factor,
                T* to, std::int64_t stride) {
  for (std::int64_t i = 0; i < length; ++i)
    for (std::int64_t c = 0; c < size; ++c)
      store(to + i * stride + c, factor * rows[i * width + c]);
}

// columns[c][i] = rows[i][c]; columns beyond the document are 0.
template <class A>
void transpose(const A* rows, std::int64_t length, std::int64_t width, std::int64_t padded,
               A* columns) {
  for (std::int64_t c = 0; c < width; ++c) {
    for (std::int64_t i = 0; i < length; ++i) columns[c * padded + i] = rows[i * width + c];
    for (std::int64_t i = length; i < padded; ++i) columns[c * padded + i] = 0;
  }
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

template <class T, class A>
void load_keys(const Layout& layout, const AttentionItem& item, const T* qkv, Tile<A>& tile) {
  const std::int64_t n = item.keys.size();
  tile.fit(item, layout.size);
  const T* base = qkv + layout.key(item);
  load_rows(base, layout.qkv_stride, n, layout.size, tile.width, A(1), tile.k.data());
  load_rows(base + layout.kv_heads * layout.size, layout.qkv_stride, n, layout.size, tile.width,
            A(1), tile.v.data());
  transpose(tile.k.data(), n, tile.width, tile.padded, tile.kt.data());
}

}  // namespace temper
