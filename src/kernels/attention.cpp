#include "kernels/attention.hpp"

#include <algorithm>

#include "kernels/parallel.hpp"

namespace temper {

namespace {

// One document and head in the accumulation type: rows [length, size], and transposed [size,
// padded] so that loops over keys are the inner, contiguous ones.
template <class A>
struct Tile {
  std::vector<A> q, k, v, kt, vt, out, dout, dq, dk, dv, scores, dscores;
  std::vector<float> scales;
  std::int64_t padded = 0;

  void fit(std::int64_t length, std::int64_t size) {
    padded = align_up(length, 16);
    for (auto* rows : {&q, &k, &v, &out, &dout, &dq, &dk, &dv})
      rows->resize(std::size_t(padded * size));
    kt.assign(std::size_t(padded * size), A(0));
    vt.assign(std::size_t(padded * size), A(0));
    scores.resize(std::size_t(padded));
    dscores.resize(std::size_t(padded));
    scales.assign(std::size_t(padded), 1.0f);
  }
};

template <class T, class A>
void load_rows(const T* from, std::int64_t stride, std::int64_t length, std::int64_t size,
               A* rows) {
  for (std::int64_t i = 0; i < length; ++i)
    for (std::int64_t c = 0; c < size; ++c) rows[i * size + c] = load(from + i * stride + c);
}

template <class A>
void transpose(const A* rows, std::int64_t length, std::int64_t size, std::int64_t padded,
               A* columns) {
  for (std::int64_t i = 0; i < length; ++i)
    for (std::int64_t c = 0; c < size; ++c) columns[c * padded + i] = rows[i * size + c];
}

// out[j] = sum_c row[c] * columns[c][j] for all padded j.
template <class A>
void row_times_columns(const A* row, const A* columns, std::int64_t size, std::int64_t padded,
                       A* out) {
  for (std::int64_t j = 0; j < padded; j += 16) {
    A sum[16] = {};
    for (std::int64_t c = 0; c < size; ++c)
      for (int lane = 0; lane < 16; ++lane) sum[lane] += row[c] * columns[c * padded + j + lane];
    for (int lane = 0; lane < 16; ++lane) out[j + lane] = sum[lane];
  }
}

// out[c] += factor * row[c]
template <class A>
void add_scaled(A factor, const A* row, std::int64_t size, A* out) {
  for (std::int64_t c = 0; c < size; ++c) out[c] += factor * row[c];
}

// Softmax in place over the first `length` scores; the logarithm of the sum of exponentials is
// returned.
template <class A>
A softmax(A* scores, std::int64_t length) {
  A largest = scores[0], sum = 0;
  for (std::int64_t j = 1; j < length; ++j) largest = std::max(largest, scores[j]);
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < length; ++j) sum += (scores[j] = fast_exp(scores[j] - largest));
  for (std::int64_t j = 0; j < length; ++j) scores[j] /= sum;
  return largest + std::log(sum);
}

DropoutKey key_of_head(const AttentionShape& shape, std::int64_t head) {
  DropoutKey key = shape.dropout;
  key.op += std::uint32_t(head);
  return key;
}

}  // namespace

template <class T>
void attention_forward(const AttentionShape& shape, const T* qkv, T* context,
                       Accumulate<T>* log_sums) {
  using A = Accumulate<T>;
  const std::int64_t d = shape.head_size, width = shape.heads * d, stride = 3 * width;
  const A scale = A(1) / std::sqrt(A(d));
  parallel_rows(shape.documents * shape.heads, [&](std::int64_t begin, std::int64_t end, int) {
    Tile<A> tile;
    for (std::int64_t work = begin; work < end; ++work) {
      const std::int64_t document = work / shape.heads, head = work % shape.heads;
      const std::int64_t first = shape.offsets[document], n = shape.offsets[document + 1] - first;
      const T* base = qkv + first * stride + head * d;
      tile.fit(n, d);
      load_rows(base, stride, n, d, tile.q.data());
      load_rows(base + width, stride, n, d, tile.k.data());
      load_rows(base + 2 * width, stride, n, d, tile.v.data());
      transpose(tile.k.data(), n, d, tile.padded, tile.kt.data());
      for (A& value : tile.q) value *= scale;
      for (std::int64_t i = 0; i < n; ++i) {
        A* p = tile.scores.data();
        row_times_columns(tile.q.data() + i * d, tile.kt.data(), d, tile.padded, p);
        log_sums[(first + i) * shape.heads + head] = softmax(p, n);
        if (shape.dropout.probability > 0) {
          dropout_scales(key_of_head(shape, head), shape.places[first + i], n, tile.scales.data());
          for (std::int64_t j = 0; j < n; ++j) p[j] *= A(tile.scales[std::size_t(j)]);
        }
        A* out = tile.out.data() + i * d;
        std::fill_n(out, d, A(0));
        for (std::int64_t j = 0; j < n; ++j) add_scaled(p[j], tile.v.data() + j * d, d, out);
        for (std::int64_t c = 0; c < d; ++c)
          store(context + (first + i) * width + head * d + c, out[c]);
      }
    }
  });
}

template <class T>
void attention_backward(const AttentionShape& shape, const T* qkv, const T* context,
                        const Accumulate<T>* log_sums, const T* d_context, T* d_qkv) {
  using A = Accumulate<T>;
  const std::int64_t d = shape.head_size, width = shape.heads * d, stride = 3 * width;
  const A scale = A(1) / std::sqrt(A(d));
  parallel_rows(shape.documents * shape.heads, [&](std::int64_t begin, std::int64_t end, int) {
    Tile<A> tile;
    for (std::int64_t work = begin; work < end; ++work) {
      const std::int64_t document = work / shape.heads, head = work % shape.heads;
      const std::int64_t first = shape.offsets[document], n = shape.offsets[document + 1] - first;
      const T* base = qkv + first * stride + head * d;
      tile.fit(n, d);
      load_rows(base, stride, n, d, tile.q.data());
      load_rows(base + width, stride, n, d, tile.k.data());
      load_rows(base + 2 * width, stride, n, d, tile.v.data());
      load_rows(context + first * width + head * d, width, n, d, tile.out.data());
      load_rows(d_context + first * width + head * d, width, n, d, tile.dout.data());
      transpose(tile.k.data(), n, d, tile.padded, tile.kt.data());
      transpose(tile.v.data(), n, d, tile.padded, tile.vt.data());
      for (auto* rows : {&tile.dq, &tile.dk, &tile.dv}) std::fill(rows->begin(), rows->end(), A(0));
      for (A& value : tile.q) value *= scale;
      for (std::int64_t i = 0; i < n; ++i) {
        const A *q = tile.q.data() + i * d, *go = tile.dout.data() + i * d,
                *out = tile.out.data() + i * d;
        A *p = tile.scores.data(), *ds = tile.dscores.data();
        row_times_columns(q, tile.kt.data(), d, tile.padded, p);
        row_times_columns(go, tile.vt.data(), d, tile.padded, ds);
        const A log_sum = log_sums[(first + i) * shape.heads + head];
        A dot = 0;
        for (std::int64_t c = 0; c < d; ++c) dot += go[c] * out[c];
        if (shape.dropout.probability > 0)
          dropout_scales(key_of_head(shape, head), shape.places[first + i], n, tile.scales.data());
        const float* keep = tile.scales.data();
#pragma omp simd
        for (std::int64_t j = 0; j < n; ++j) {
          const A probability = fast_exp(p[j] - log_sum);
          ds[j] = probability * (ds[j] * A(keep[j]) - dot);
          p[j] = probability * A(keep[j]);
        }
        A* dq = tile.dq.data() + i * d;
        for (std::int64_t j = 0; j < n; ++j) {
          add_scaled(ds[j], tile.k.data() + j * d, d, dq);
          add_scaled(ds[j], q, d, tile.dk.data() + j * d);  // q carries the scale
          add_scaled(p[j], go, d, tile.dv.data() + j * d);
        }
      }
      T* out = d_qkv + first * stride + head * d;
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t c = 0; c < d; ++c) {
          store(out + i * stride + c, scale * tile.dq[std::size_t(i * d + c)]);
          store(out + i * stride + width + c, tile.dk[std::size_t(i * d + c)]);
          store(out + i * stride + 2 * width + c, tile.dv[std::size_t(i * d + c)]);
        }
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
