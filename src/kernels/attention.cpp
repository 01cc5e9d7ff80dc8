#include "kernels/attention.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/attention_tile.hpp"
#include "kernels/parallel.hpp"

namespace temper {

namespace {

// Softmax in place of the scores [begin, end) of a row; what lies beside them becomes 0. The
// logarithm of the sum of exponentials is returned.
template <class A>
A softmax(A* scores, Extent visible, Extent row) {
  using V = typename VectorOf<A>::Type;
  const std::int64_t begin = visible.begin / kLanes<A> * kLanes<A>;
  const std::int64_t end = align_up(visible.end, kLanes<A>);
  std::fill(scores + begin, scores + visible.begin, std::numeric_limits<A>::lowest());
  std::fill(scores + visible.end, scores + end, std::numeric_limits<A>::lowest());
  V top = *reinterpret_cast<const V*>(scores + begin);
  for (std::int64_t j = begin + kLanes<A>; j < end; j += kLanes<A>) {
    const V next = *reinterpret_cast<const V*>(scores + j);
    top = next > top ? next : top;
  }
  A largest = top[0], sum = 0;
  for (std::int64_t lane = 1; lane < kLanes<A>; ++lane) largest = std::max(largest, A(top[lane]));
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = begin; j < end; ++j) sum += (scores[j] = fast_exp(scores[j] - largest));
  const A share = A(1) / sum;
#pragma omp simd
  for (std::int64_t j = begin; j < end; ++j) scores[j] *= share;
  std::fill(scores + row.begin, scores + visible.begin, A(0));
  std::fill(scores + visible.end, scores + row.end, A(0));
  return largest + std::log(sum);
}

// Dropout scales of a query's keys, by column of the tile.
template <class A>
const float* scales_of(const AttentionShape& shape, const AttentionItem& item, std::int64_t head,
                       std::int64_t query, Tile<A>& tile) {
  DropoutKey key = shape.dropout;
  key.op += std::uint32_t(head);
  dropout_scales(key, shape.places[item.first + query], visible_keys(shape, item.length, query).end,
                 tile.scales.data());
  return tile.scales.data() + item.keys.begin;
}

// Scores become c tanh(score / c).
template <class A>
void cap_scores(A softcap, Extent columns, A* scores) {
  const A inverse = A(1) / softcap;
#pragma omp simd
  for (std::int64_t j = columns.begin; j < columns.end; ++j)
    scores[j] = softcap * fast_tanh(scores[j] * inverse);
}

template <class A>
void forward_head(const AttentionShape& shape, const AttentionItem& item, std::int64_t head,
                  A* log_sums, Tile<A>& tile) {
  const std::int64_t w = tile.width, padded = tile.padded;
  for (std::int64_t i0 = item.queries.begin; i0 < item.queries.end; i0 += kQueries) {
    const QueryBlock block(shape, item, i0);
    const Extent columns = block.vectors<A>();
    const std::int64_t rows = block.queries.size(), at = (i0 - item.queries.begin) * w;
    A* scores = tile.scores.data();
    small_product<false, A>(rows, shape.head_size, columns.size(), {tile.q.data() + at, w},
                            {tile.kt.data() + columns.begin, padded},
                            {scores + columns.begin, padded}, false);
    for (std::int64_t i = i0; i < block.queries.end; ++i) {
      A* p = scores + (i - i0) * padded;
      const Extent visible = visible_columns(shape, item, i);
      if (shape.softcap > 0) cap_scores(A(shape.softcap), visible, p);
      log_sums[(item.first + i) * shape.heads + head] = softmax(p, visible, columns);
      if (shape.dropout.probability <= 0) continue;
      const float* keep = scales_of(shape, item, head, i, tile);
      for (std::int64_t j = visible.begin; j < visible.end; ++j) p[j] *= A(keep[j]);
    }
    small_product<false, A>(
        rows, block.columns.end - columns.begin, w, {scores + columns.begin, padded},
        {tile.v.data() + columns.begin * w, w}, {tile.out.data() + at, w}, false);
  }
}

// A query's row of S and dP becomes P o M and dS = P o (M o dP - rowsum(out o dout)), through the
// softcap's slope 1 - (S / c)^2.
template <class A>
void score_gradient(const AttentionShape& shape, const AttentionItem& item, std::int64_t head,
                    std::int64_t query, A log_sum, Extent row, A* p, A* ds, Tile<A>& tile) {
  const Extent visible = visible_columns(shape, item, query);
  const std::int64_t at = (query - item.queries.begin) * tile.width;
  const A *go = tile.dout.data() + at, *out = tile.out.data() + at;
  A dot = 0;
#pragma omp simd reduction(+ : dot)
  for (std::int64_t c = 0; c < tile.width; ++c) dot += go[c] * out[c];
  if (shape.softcap > 0) cap_scores(A(shape.softcap), visible, p);
  const A inverse = shape.softcap > 0 ? A(1) / A(shape.softcap) : A(0);
  if (shape.dropout.probability <= 0) {
#pragma omp simd
    for (std::int64_t j = visible.begin; j < visible.end; ++j) {
      const A ratio = p[j] * inverse;
      p[j] = fast_exp(p[j] - log_sum);
      ds[j] = p[j] * (ds[j] - dot) * (1 - ratio * ratio);
    }
  } else {
    const float* keep = scales_of(shape, item, head, query, tile);
#pragma omp simd
    for (std::int64_t j = visible.begin; j < visible.end; ++j) {
      const A ratio = p[j] * inverse, probability = fast_exp(p[j] - log_sum);
      ds[j] = probability * (ds[j] * A(keep[j]) - dot) * (1 - ratio * ratio);
      p[j] = probability * A(keep[j]);
    }
  }
  for (A* values : {p, ds}) {
    std::fill(values + row.begin, values + visible.begin, A(0));
    std::fill(values + visible.end, values + row.end, A(0));
  }
}

template <class A>
void backward_head(const AttentionShape& shape, const AttentionItem& item, std::int64_t head,
                   const A* log_sums, Tile<A>& tile) {
  const std::int64_t w = tile.width, padded = tile.padded, d = shape.head_size;
  for (std::int64_t i0 = item.queries.begin; i0 < item.queries.end; i0 += kQueries) {
    const QueryBlock block(shape, item, i0);
    const Extent columns = block.vectors<A>();
    const std::int64_t rows = block.queries.size(), at = (i0 - item.queries.begin) * w;
    const std::int64_t seen = block.columns.end - columns.begin, from = columns.begin;
    A *p = tile.scores.data() + from, *ds = tile.dscores.data() + from;
    const Matrix<const A> q{tile.q.data() + at, w}, go{tile.dout.data() + at, w};
    small_product<false, A>(rows, d, columns.size(), q, {tile.kt.data() + from, padded},
                            {p, padded}, false);
    small_product<false, A>(rows, d, columns.size(), go, {tile.vt.data() + from, padded},
                            {ds, padded}, false);
    for (std::int64_t i = i0; i < block.queries.end; ++i)
      score_gradient(shape, item, head, i, log_sums[(item.first + i) * shape.heads + head], columns,
                     p - from + (i - i0) * padded, ds - from + (i - i0) * padded, tile);
    small_product<false, A>(rows, seen, w, {ds, padded}, {tile.k.data() + from * w, w},
                            {tile.dq.data() + at, w}, false);
    small_product<true, A>(seen, rows, w, {ds, padded}, q, {tile.dk.data() + from * w, w}, true);
    small_product<true, A>(seen, rows, w, {p, padded}, go, {tile.dv.data() + from * w, w}, true);
  }
}

template <class T, class A>
void backward_item(const AttentionShape& shape, const AttentionItem& item, const T* qkv,
                   const T* context, const A* log_sums, const T* d_context, T* d_qkv, A* partial,
                   Tile<A>& tile) {
  const Layout layout(shape);
  const std::int64_t d = layout.size, rows = item.queries.size(), n = item.keys.size();
  load_keys(layout, item, qkv, tile);
  transpose(tile.v.data(), n, tile.width, tile.padded, tile.vt.data());
  for (auto* gradient : {&tile.dk, &tile.dv}) std::fill_n(gradient->begin(), n * tile.width, A(0));
  for (std::int64_t head = item.kv_head * layout.group; head < (item.kv_head + 1) * layout.group;
       ++head) {
    const std::int64_t at = layout.context(item, head), query = layout.query(item, head);
    load_rows(qkv + query, layout.qkv_stride, rows, d, tile.width, scale_of<A>(shape),
              tile.q.data());
    load_rows(context + at, layout.context_stride, rows, d, tile.width, A(1), tile.out.data());
    load_rows(d_context + at, layout.context_stride, rows, d, tile.width, A(1), tile.dout.data());
    backward_head(shape, item, head, log_sums, tile);
    store_rows(tile.dq.data(), tile.width, rows, d, scale_of<A>(shape), d_qkv + query,
               layout.qkv_stride);
  }
  if (item.partial >= 0) {
    A* to = partial + item.partial * 2 * d;
    store_rows(tile.dk.data(), tile.width, n, d, A(1), to, 2 * d);
    store_rows(tile.dv.data(), tile.width, n, d, A(1), to + d, 2 * d);
    return;
  }
  T* to = d_qkv + layout.key(item);
  store_rows(tile.dk.data(), tile.width, n, d, A(1), to, layout.qkv_stride);  // q had the scale
  store_rows(tile.dv.data(), tile.width, n, d, A(1), to + layout.kv_heads * d, layout.qkv_stride);
}

// Key gradients of a document cut into items, for the key head of split[begin]: the sum of what
// its items kept.
template <class T, class A>
void add_partials(const Layout& layout, const std::vector<AttentionItem>& split, Extent parts,
                  const A* partial, T* d_qkv) {
  AttentionItem whole = split[std::size_t(parts.begin)];
  whole.keys = {0, whole.length};
  std::vector<A> sum(std::size_t(2 * layout.size));
  for (std::int64_t j = 0; j < whole.length; ++j) {
    std::fill(sum.begin(), sum.end(), A(0));
    for (std::int64_t part = parts.begin; part < parts.end; ++part) {
      const AttentionItem& item = split[std::size_t(part)];
      if (!item.keys.contains(j)) continue;
      const A* row = partial + (item.partial + j - item.keys.begin) * 2 * layout.size;
      for (std::int64_t c = 0; c < 2 * layout.size; ++c) sum[std::size_t(c)] += row[c];
    }
    T* to = d_qkv + layout.key(whole) + j * layout.qkv_stride;
    for (std::int64_t c = 0; c < layout.size; ++c) {
      store(to + c, sum[std::size_t(c)]);
      store(to + layout.kv_heads * layout.size + c, sum[std::size_t(layout.size + c)]);
    }
  }
}

}  // namespace

template <class T>
void attention_forward(const AttentionShape& shape, const T* qkv, T* context,
                       Accumulate<T>* log_sums) {
  using A = Accumulate<T>;
  const Layout layout(shape);
  const AttentionWork work = plan_attention(shape);
  std::vector<Tile<A>> tiles(static_cast<std::size_t>(row_workers()));
  parallel_items(std::int64_t(work.items.size()), [&](std::int64_t number, int worker) {
    const AttentionItem& item = work.items[std::size_t(number)];
    Tile<A>& tile = tiles[std::size_t(worker)];
    load_keys(layout, item, qkv, tile);
    for (std::int64_t head = item.kv_head * layout.group; head < (item.kv_head + 1) * layout.group;
         ++head) {
      load_rows(qkv + layout.query(item, head), layout.qkv_stride, item.queries.size(), layout.size,
                tile.width, scale_of<A>(shape), tile.q.data());
      forward_head(shape, item, head, log_sums, tile);
      store_rows(tile.out.data(), tile.width, item.queries.size(), layout.size, A(1),
                 context + layout.context(item, head), layout.context_stride);
    }
  });
}

template <class T>
void attention_backward(const AttentionShape& shape, const T* qkv, const T* context,
                        const Accumulate<T>* log_sums, const T* d_context, T* d_qkv) {
  using A = Accumulate<T>;
  const Layout layout(shape);
  const AttentionWork work = plan_attention(shape);
  std::vector<A> partial(std::size_t(work.partial_rows * 2 * layout.size));
  std::vector<Tile<A>> tiles(static_cast<std::size_t>(row_workers()));
  parallel_items(std::int64_t(work.items.size()), [&](std::int64_t number, int worker) {
    backward_item(shape, work.items[std::size_t(number)], qkv, context, log_sums, d_context, d_qkv,
                  partial.data(), tiles[std::size_t(worker)]);
  });
  std::vector<Extent> sums;  // of work.split: items of one document and key head
  for (std::int64_t i = 0; i < std::int64_t(work.split.size()); ++i) {
    const AttentionItem& item = work.split[std::size_t(i)];
    if (item.queries.begin == 0) sums.push_back({i, i});
    sums.back().end = i + 1;
  }
  parallel_items(std::int64_t(sums.size()), [&](std::int64_t number, int) {
    add_partials(layout, work.split, sums[std::size_t(number)], partial.data(), d_qkv);
  });
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
