#include "kernels/attention.hpp"

#include <algorithm>
#include <limits>

#include "core/extent.hpp"
#include "kernels/parallel.hpp"
#include "kernels/small_product.hpp"

namespace temper {

namespace {

// Query rows whose scores are held at once: bounds memory for long documents.
constexpr std::int64_t kQueries = 64;

// One document and head in the accumulation type. Rows are [length, width] with the head size
// padded to whole vectors by zeros; transposed [width, padded]; scores [kQueries, padded].
template <class A>
struct Tile {
  std::vector<A> q, k, v, kt, vt, out, dout, dq, dk, dv, scores, dscores;
  std::vector<float> scales;
  std::int64_t width = 0, padded = 0;

  void fit(std::int64_t length, std::int64_t size) {
    width = align_up(size, kLanes<A>);
    padded = align_up(length, kLanes<A>);
    for (auto* rows : {&q, &k, &v, &kt, &vt, &out, &dout, &dq, &dk, &dv})
      if (std::int64_t(rows->size()) < padded * width) rows->resize(std::size_t(padded * width));
    for (auto* rows : {&scores, &dscores})
      if (std::int64_t(rows->size()) < kQueries * padded)
        rows->resize(std::size_t(kQueries * padded));
    if (std::int64_t(scales.size()) < padded) scales.resize(std::size_t(padded));
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

// Softmax in place of `length` scores that lie in whole vectors (the rest becomes 0); the logarithm
// of the sum of exponentials is returned.
template <class A>
A softmax(A* scores, std::int64_t length, std::int64_t padded) {
  using V = typename VectorOf<A>::Type;
  for (std::int64_t j = length; j < padded; ++j) scores[j] = std::numeric_limits<A>::lowest();
  V top = *reinterpret_cast<const V*>(scores);
  for (std::int64_t j = kLanes<A>; j < padded; j += kLanes<A>) {
    const V next = *reinterpret_cast<const V*>(scores + j);
    top = next > top ? next : top;
  }
  A largest = top[0], sum = 0;
  for (std::int64_t lane = 1; lane < kLanes<A>; ++lane) largest = std::max(largest, A(top[lane]));
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < padded; ++j) sum += (scores[j] = fast_exp(scores[j] - largest));
  const A share = A(1) / sum;
#pragma omp simd
  for (std::int64_t j = 0; j < padded; ++j) scores[j] *= share;
  return largest + std::log(sum);
}

DropoutKey key_of_head(const AttentionShape& shape, std::int64_t head) {
  DropoutKey key = shape.dropout;
  key.op += std::uint32_t(head);
  return key;
}

// Where one document and head lie in qkv [tokens, 3, heads, size] and context [tokens, heads,
// size].
struct Place {
  std::int64_t head, first, length, in_qkv, in_context;
  Place(const AttentionShape& shape, std::int64_t work)
      : head(work % shape.heads),
        first(shape.offsets[work / shape.heads]),
        length(shape.offsets[work / shape.heads + 1] - first),
        in_qkv(first * 3 * shape.heads * shape.head_size + head * shape.head_size),
        in_context(first * shape.heads * shape.head_size + head * shape.head_size) {}
};

template <class T, class A>
void load_qkv(const AttentionShape& shape, const Place& place, const T* qkv, Tile<A>& tile) {
  const std::int64_t d = shape.head_size, all = shape.heads * d, n = place.length;
  tile.fit(n, d);
  const T* base = qkv + place.in_qkv;
  load_rows(base, 3 * all, n, d, tile.width, A(1) / std::sqrt(A(d)), tile.q.data());
  load_rows(base + all, 3 * all, n, d, tile.width, A(1), tile.k.data());
  load_rows(base + 2 * all, 3 * all, n, d, tile.width, A(1), tile.v.data());
  transpose(tile.k.data(), n, tile.width, tile.padded, tile.kt.data());
}

// Scales of dropout for query `i`; all 1 without it.
template <class A>
const float* scales_of(const AttentionShape& shape, const Place& place, std::int64_t i,
                       Tile<A>& tile) {
  dropout_scales(key_of_head(shape, place.head), shape.places[place.first + i], place.length,
                 tile.scales.data());
  return tile.scales.data();
}

template <class A>
void forward_one(const AttentionShape& shape, const Place& place, A* log_sums, Tile<A>& tile) {
  const std::int64_t n = place.length, w = tile.width, padded = tile.padded;
  for (std::int64_t i0 = 0; i0 < n; i0 += kQueries) {
    const std::int64_t rows = std::min(kQueries, n - i0);
    small_product<false, A>(rows, shape.head_size, padded, {tile.q.data() + i0 * w, w},
                            {tile.kt.data(), padded}, {tile.scores.data(), padded}, false);
    for (std::int64_t i = 0; i < rows; ++i) {
      A* p = tile.scores.data() + i * padded;
      log_sums[(place.first + i0 + i) * shape.heads + place.head] = softmax(p, n, padded);
      if (shape.dropout.probability <= 0) continue;
      const float* keep = scales_of(shape, place, i0 + i, tile);
      for (std::int64_t j = 0; j < n; ++j) p[j] *= A(keep[j]);
    }
    small_product<false, A>(rows, n, w, {tile.scores.data(), padded}, {tile.v.data(), w},
                            {tile.out.data() + i0 * w, w}, false);
  }
}

// Row i of P and dP becomes P o M and dS = P o (M o dP - rowsum(out o dout)).
template <class A>
void score_gradient(const AttentionShape& shape, const Place& place, std::int64_t i, A log_sum,
                    A* p, A* ds, Tile<A>& tile) {
  const A *go = tile.dout.data() + i * tile.width, *out = tile.out.data() + i * tile.width;
  A dot = 0;
#pragma omp simd reduction(+ : dot)
  for (std::int64_t c = 0; c < tile.width; ++c) dot += go[c] * out[c];
  if (shape.dropout.probability <= 0) {
#pragma omp simd
    for (std::int64_t j = 0; j < tile.padded; ++j) {
      p[j] = fast_exp(p[j] - log_sum);
      ds[j] = p[j] * (ds[j] - dot);
    }
    return;
  }
  const float* keep = scales_of(shape, place, i, tile);
#pragma omp simd
  for (std::int64_t j = 0; j < place.length; ++j) {
    const A probability = fast_exp(p[j] - log_sum);
    ds[j] = probability * (ds[j] * A(keep[j]) - dot);
    p[j] = probability * A(keep[j]);
  }
}

template <class A>
void backward_one(const AttentionShape& shape, const Place& place, const A* log_sums,
                  Tile<A>& tile) {
  const std::int64_t n = place.length, w = tile.width, padded = tile.padded, d = shape.head_size;
  A *p = tile.scores.data(), *ds = tile.dscores.data();
  for (std::int64_t i0 = 0; i0 < n; i0 += kQueries) {
    const std::int64_t rows = std::min(kQueries, n - i0);
    const Matrix<const A> q{tile.q.data() + i0 * w, w}, go{tile.dout.data() + i0 * w, w};
    small_product<false, A>(rows, d, padded, q, {tile.kt.data(), padded}, {p, padded}, false);
    small_product<false, A>(rows, d, padded, go, {tile.vt.data(), padded}, {ds, padded}, false);
    for (std::int64_t i = 0; i < rows; ++i)
      score_gradient(shape, place, i0 + i,
                     log_sums[(place.first + i0 + i) * shape.heads + place.head], p + i * padded,
                     ds + i * padded, tile);
    small_product<false, A>(rows, n, w, {ds, padded}, {tile.k.data(), w},
                            {tile.dq.data() + i0 * w, w}, false);
    small_product<true, A>(n, rows, w, {ds, padded}, q, {tile.dk.data(), w}, i0 > 0);
    small_product<true, A>(n, rows, w, {p, padded}, go, {tile.dv.data(), w}, i0 > 0);
  }
}

}  // namespace

template <class T>
void attention_forward(const AttentionShape& shape, const T* qkv, T* context,
                       Accumulate<T>* log_sums) {
  using A = Accumulate<T>;
  const std::int64_t d = shape.head_size, all = shape.heads * d;
  parallel_rows(shape.documents * shape.heads, [&](std::int64_t begin, std::int64_t end, int) {
    Tile<A> tile;
    for (std::int64_t work = begin; work < end; ++work) {
      const Place place(shape, work);
      load_qkv(shape, place, qkv, tile);
      forward_one(shape, place, log_sums, tile);
      store_rows(tile.out.data(), tile.width, place.length, d, A(1), context + place.in_context,
                 all);
    }
  });
}

template <class T>
void attention_backward(const AttentionShape& shape, const T* qkv, const T* context,
                        const Accumulate<T>* log_sums, const T* d_context, T* d_qkv) {
  using A = Accumulate<T>;
  const std::int64_t d = shape.head_size, all = shape.heads * d;
  parallel_rows(shape.documents * shape.heads, [&](std::int64_t begin, std::int64_t end, int) {
    Tile<A> tile;
    for (std::int64_t work = begin; work < end; ++work) {
      const Place place(shape, work);
      const std::int64_t n = place.length;
      load_qkv(shape, place, qkv, tile);
      load_rows(context + place.in_context, all, n, d, tile.width, A(1), tile.out.data());
      load_rows(d_context + place.in_context, all, n, d, tile.width, A(1), tile.dout.data());
      transpose(tile.v.data(), n, tile.width, tile.padded, tile.vt.data());
      backward_one(shape, place, log_sums, tile);
      T* out = d_qkv + place.in_qkv;
      store_rows(tile.dq.data(), tile.width, n, d, A(1) / std::sqrt(A(d)), out, 3 * all);
      store_rows(tile.dk.data(), tile.width, n, d, A(1), out + all, 3 * all);  // q had the scale
      store_rows(tile.dv.data(), tile.width, n, d, A(1), out + 2 * all, 3 * all);
    }
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
