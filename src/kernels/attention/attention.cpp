#include "kernels/attention.hpp"

#include "kernels/attention/scores.hpp"
#include "kernels/attention/tile.hpp"
#include "kernels/parallel.hpp"

namespace temper {

namespace {

// Queries are scaled as they are read; pairs are read as they lie, so scores are.
template <class E, class A>
A score_factor(const AttentionShape& shape) {
  return std::is_same_v<E, Pair> ? scale_of<A>(shape) : A(1);
}

// Dropout scales of a query's keys, by column of the tile; null without dropout.
template <class E, class A>
const float* scales_of(const AttentionShape& shape, const AttentionItem& item, std::int64_t head,
                       std::int64_t query, Tile<E, A>& tile) {
  if (shape.dropout.probability <= 0) return nullptr;
  DropoutKey key = shape.dropout;
  key.op += std::uint32_t(head);
  dropout_scales(key, shape.places[item.first + query], visible_keys(shape, item.length, query).end,
                 tile.scales.data());
  return tile.scales.data() + item.keys.begin;
}

// The row of an operand that belongs to a token, where it is the inner dimension.
template <class E>
Matrix<const E> from_row(Matrix<const E> rows, std::int64_t token) {
  return {rows.data + token * rows.stride, rows.stride};
}
template <class E>
Matrix<const E> from_inner(Matrix<const E> rows, std::int64_t token) {
  return {rows.data + token / kInner<E> * rows.stride, rows.stride};
}
template <class E>
Matrix<const E> from_column(Matrix<const E> columns, std::int64_t token) {
  return {columns.data + token, columns.stride};
}
// Steps of the inner dimension for so many tokens or channels.
template <class E>
std::int64_t inner_steps(std::int64_t count) {
  return (count + kInner<E> - 1) / kInner<E>;
}

template <class E, class A>
void forward_head(const AttentionShape& shape, const AttentionItem& item, std::int64_t head,
                  A* log_sums, Tile<E, A>& tile) {
  const std::int64_t w = tile.width;
  for (std::int64_t i0 = item.queries.begin; i0 < item.queries.end; i0 += kQueries) {
    const QueryBlock block(shape, item, i0);
    const Extent columns = block.vectors<A>();
    const std::int64_t rows = block.queries.size(), at = i0 - item.queries.begin;
    const Matrix<A> scores{tile.scores.data() + columns.begin, tile.padded};
    small_product<false, E, A>(rows, inner_steps<E>(shape.head_size), columns.size(),
                               from_row(tile.q.left, at),
                               from_column(tile.k.columns, columns.begin), scores, false);
    for (std::int64_t i = i0; i < block.queries.end; ++i) {
      A* p = tile.scores.data() + (i - i0) * tile.padded;
      const ScoreRow row{visible_columns(shape, item, i), columns};
      scale_and_cap(row.vectors<A>(), score_factor<E, A>(shape), A(shape.softcap), p);
      log_sums[(item.first + i) * shape.heads + head] = softmax(row, p);
      if (const float* keep = scales_of(shape, item, head, i, tile)) drop(row, keep, p);
    }
    small_product<false, E, A>(rows, inner_steps<E>(block.columns.end - columns.begin), w,
                               tile.p_factor.left(scores, rows, columns.size()),
                               from_inner(tile.v.inner, columns.begin),
                               {tile.out.data() + at * w, w}, false);
  }
}

template <class E, class A>
void backward_head(const AttentionShape& shape, const AttentionItem& item, std::int64_t head,
                   const A* log_sums, Tile<E, A>& tile) {
  const std::int64_t w = tile.width, channels = inner_steps<E>(shape.head_size);
  for (std::int64_t i0 = item.queries.begin; i0 < item.queries.end; i0 += kQueries) {
    const QueryBlock block(shape, item, i0);
    const Extent columns = block.vectors<A>();
    const std::int64_t rows = block.queries.size(), at = i0 - item.queries.begin;
    const std::int64_t seen = block.columns.end - columns.begin, from = columns.begin;
    const Matrix<A> p{tile.scores.data() + from, tile.padded},
        ds{tile.dscores.data() + from, tile.padded};
    small_product<false, E, A>(rows, channels, columns.size(), from_row(tile.q.left, at),
                               from_column(tile.k.columns, from), p, false);
    small_product<false, E, A>(rows, channels, columns.size(), from_row(tile.go.left, at),
                               from_column(tile.v.columns, from), ds, false);
    for (std::int64_t i = i0; i < block.queries.end; ++i) {
      const std::int64_t row_at = (i - i0) * tile.padded;
      A* scores = tile.scores.data() + row_at;
      const ScoreRow row{visible_columns(shape, item, i), columns};
      scale_and_cap(row.vectors<A>(), score_factor<E, A>(shape), A(shape.softcap), scores);
      score_gradient<A>(row,
                        {log_sums[(item.first + i) * shape.heads + head],
                         tile.dots[std::size_t(i - item.queries.begin)], A(shape.softcap),
                         scales_of(shape, item, head, i, tile)},
                        scores, tile.dscores.data() + row_at);
    }
    small_product<false, E, A>(
        rows, inner_steps<E>(seen), w, tile.ds_factor.left(ds, rows, columns.size()),
        from_inner(tile.k.inner, from), {tile.out.data() + at * w, w}, false);
    small_product<true, E, A>(seen, inner_steps<E>(rows), w,
                              tile.ds_factor.transposed(ds, rows, columns.size()),
                              from_inner(tile.q.inner, at), {tile.dk.data() + from * w, w}, true);
    small_product<true, E, A>(seen, inner_steps<E>(rows), w,
                              tile.p_factor.transposed(p, rows, columns.size()),
                              from_inner(tile.go.inner, at), {tile.dv.data() + from * w, w}, true);
  }
}

// rowsum(out o dout) of a head's queries.
template <class T, class A>
void dot_rows(const T* a, const T* b, std::int64_t stride, std::int64_t rows, std::int64_t size,
              std::vector<A>& dots) {
  dots.resize(std::size_t(rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    A dot = 0;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t c = 0; c < size; ++c)
      dot += load(a + i * stride + c) * load(b + i * stride + c);
    dots[std::size_t(i)] = dot;
  }
}

// The tensors of a backward pass.
template <class T>
struct Backward {
  const T *qkv, *context;
  const Accumulate<T>* log_sums;
  const T* d_context;
  T* d_qkv;
  Accumulate<T>* partial;
};

template <class E, class T, class A>
void backward_item(const AttentionShape& shape, const AttentionItem& item, const Backward<T>& t,
                   Tile<E, A>& tile) {
  const Layout layout(shape);
  const std::int64_t d = layout.size, rows = item.queries.size(), n = item.keys.size();
  const std::int64_t w = tile.width;
  std::fill_n(tile.dk.fit(n * w), n * w, A(0));
  std::fill_n(tile.dv.fit(n * w), n * w, A(0));
  for (std::int64_t head = item.kv_head * layout.group; head < (item.kv_head + 1) * layout.group;
       ++head) {
    const std::int64_t at = layout.context(item, head), query = layout.query(item, head);
    tile.q.load(t.qkv + query, layout.qkv_stride, rows, d, w, scale_of<A>(shape), {.inner = true},
                tile.padded);
    tile.go.load(t.d_context + at, layout.context_stride, rows, d, w, 1, {.inner = true},
                 tile.padded);
    dot_rows(t.context + at, t.d_context + at, layout.context_stride, rows, d, tile.dots);
    backward_head(shape, item, head, t.log_sums, tile);
    store_rows(tile.out.data(), w, rows, d, scale_of<A>(shape), t.d_qkv + query, layout.qkv_stride);
  }
  const A factor = score_factor<E, A>(shape);
  if (item.partial >= 0) {
    A* to = t.partial + item.partial * 2 * d;
    store_rows(tile.dk.data(), w, n, d, factor, to, 2 * d);
    store_rows(tile.dv.data(), w, n, d, A(1), to + d, 2 * d);
  } else {
    T* to = t.d_qkv + layout.key(item);
    store_rows(tile.dk.data(), w, n, d, factor, to, layout.qkv_stride);
    store_rows(tile.dv.data(), w, n, d, A(1), to + layout.kv_heads * d, layout.qkv_stride);
  }
}

// Key gradients of a document cut into items, for one key head: the sum of what its items kept.
template <class T, class A>
void add_partials(const Layout& layout, const AttentionItem* parts, std::int64_t count,
                  const A* partial, T* d_qkv) {
  AttentionItem whole = parts[0];
  whole.keys = {0, whole.length};
  const std::int64_t d = layout.size;
  std::vector<A> sum(std::size_t(2 * d));
  for (std::int64_t j = 0; j < whole.length; ++j) {
    std::fill(sum.begin(), sum.end(), A(0));
    for (const AttentionItem* item = parts; item != parts + count; ++item) {
      if (!item->keys.contains(j)) continue;
      const A* row = partial + (item->partial + j - item->keys.begin) * 2 * d;
      for (std::int64_t c = 0; c < 2 * d; ++c) sum[std::size_t(c)] += row[c];
    }
    T* to = d_qkv + layout.key(whole) + j * layout.qkv_stride;
    store_rows(sum.data(), d, 1, d, A(1), to, 0);
    store_rows(sum.data() + d, d, 1, d, A(1), to + layout.kv_heads * d, 0);
  }
}

template <class E, class T>
void forward(const AttentionShape& shape, const T* qkv, T* context, Accumulate<T>* log_sums) {
  using A = Accumulate<T>;
  const Layout layout(shape);
  const AttentionWork work = plan_attention(shape);
  std::vector<Tile<E, A>> tiles(static_cast<std::size_t>(row_workers()));
  parallel_items(std::int64_t(work.items.size()), [&](std::int64_t number, int worker) {
    const AttentionItem& item = work.items[std::size_t(number)];
    Tile<E, A>& tile = tiles[std::size_t(worker)];
    load_keys(layout, item, qkv, /*backward=*/false, tile);
    for (std::int64_t head = item.kv_head * layout.group; head < (item.kv_head + 1) * layout.group;
         ++head) {
      tile.q.load(qkv + layout.query(item, head), layout.qkv_stride, item.queries.size(),
                  layout.size, tile.width, scale_of<A>(shape), {}, tile.padded);
      forward_head(shape, item, head, log_sums, tile);
      store_rows(tile.out.data(), tile.width, item.queries.size(), layout.size, A(1),
                 context + layout.context(item, head), layout.context_stride);
    }
  });
}

template <class E, class T>
void backward(const AttentionShape& shape, Backward<T> tensors) {
  using A = Accumulate<T>;
  const Layout layout(shape);
  const AttentionWork work = plan_attention(shape);
  std::vector<A> partial(std::size_t(work.partial_rows * 2 * layout.size));
  tensors.partial = partial.data();
  std::vector<Tile<E, A>> tiles(static_cast<std::size_t>(row_workers()));
  parallel_items(std::int64_t(work.items.size()), [&](std::int64_t number, int worker) {
    Tile<E, A>& tile = tiles[std::size_t(worker)];
    load_keys(layout, work.items[std::size_t(number)], tensors.qkv, /*backward=*/true, tile);
    backward_item(shape, work.items[std::size_t(number)], tensors, tile);
  });
  std::vector<Extent> sums;  // of work.split: the items of one document and key head
  for (std::int64_t i = 0; i < std::int64_t(work.split.size()); ++i) {
    if (work.split[std::size_t(i)].queries.begin == 0) sums.push_back({i, i});
    sums.back().end = i + 1;
  }
  parallel_items(std::int64_t(sums.size()), [&](std::int64_t number, int) {
    const Extent parts = sums[std::size_t(number)];
    add_partials(layout, &work.split[std::size_t(parts.begin)], parts.size(), partial.data(),
                 tensors.d_qkv);
  });
}

}  // namespace

// Factors are pairs of Bf16 where the processor multiplies them and heads hold whole ones.
template <class T>
void attention_forward(const AttentionShape& shape, const T* qkv, T* context,
                       Accumulate<T>* log_sums) {
  if constexpr (kMultipliesPairs && std::is_same_v<T, Bf16>)
    if (shape.head_size % 2 == 0) return forward<Pair>(shape, qkv, context, log_sums);
  forward<Accumulate<T>>(shape, qkv, context, log_sums);
}

template <class T>
void attention_backward(const AttentionShape& shape, const T* qkv, const T* context,
                        const Accumulate<T>* log_sums, const T* d_context, T* d_qkv) {
  const Backward<T> tensors{qkv, context, log_sums, d_context, d_qkv, nullptr};
  if constexpr (kMultipliesPairs && std::is_same_v<T, Bf16>)
    if (shape.head_size % 2 == 0) return backward<Pair>(shape, tensors);
  backward<Accumulate<T>>(shape, tensors);
}

#define TEMPER_ATTENTION(T)                                                                \
  template void attention_forward<T>(const AttentionShape&, const T*, T*, Accumulate<T>*); \
  template void attention_backward<T>(const AttentionShape&, const T*, const T*,           \
                                      const Accumulate<T>*, const T*, T*);
TEMPER_ATTENTION(double)
TEMPER_ATTENTION(float)
TEMPER_ATTENTION(Bf16)
#undef TEMPER_ATTENTION

}  // namespace temper
