#include "kernels/decode_attention.hpp"

#include <algorithm>
#include <vector>

#include "kernels/parallel.hpp"
#include "kernels/vectors.hpp"

namespace temper {

namespace {

// The sequence and first new token of each sequence's rows in qkv.
template <class T>
std::vector<std::int64_t> first_rows(const DecodeShape<T>& shape) {
  std::vector<std::int64_t> rows{0};
  for (std::int64_t s = 0; s < shape.count; ++s)
    rows.push_back(rows.back() + shape.sequences[s].new_tokens);
  return rows;
}

template <class A>
struct Scratch {
  std::vector<A> query, scores, out;
  Scratch(std::int64_t head_size, std::int64_t keys)
      : query(std::size_t(head_size)), scores(std::size_t(keys)), out(std::size_t(head_size)) {}
};

// kLanes elements from memory, in the accumulation type.
inline VectorOf<double>::Type load_lanes(const double* p) {
  return *reinterpret_cast<const VectorOf<double>::Type*>(p);
}
inline VectorOf<float>::Type load_lanes(const float* p) {
  return *reinterpret_cast<const VectorOf<float>::Type*>(p);
}
inline VectorOf<float>::Type load_lanes(const Bf16* p) {
  using Half [[gnu::vector_size(32), gnu::aligned(2), gnu::may_alias]] = std::uint16_t;
  using Words [[gnu::vector_size(64)]] = std::uint32_t;
  return (VectorOf<float>::Type)(__builtin_convertvector(*reinterpret_cast<const Half*>(p), Words)
                                 << 16);
}

// scores[j] = query . keys[j]. In fp32 sixteen keys at a time, whose lanes are added by turning
// sixteen vectors over: sums along a vector would cost more than the products.
template <class T, class A>
void score_keys(const A* query, const T* keys, std::int64_t stride, std::int64_t size,
                std::int64_t count, A* scores) {
  std::int64_t j = 0;
  if constexpr (std::is_same_v<A, float>)
    if (size % kLanes<A> == 0)
      for (; j + 16 <= count; j += 16) {
        VectorOf<float>::Type sums[16];
        for (std::int64_t i = 0; i < 16; ++i) {
          const T* key = keys + (j + i) * stride;
          sums[i] = load_lanes(query) * load_lanes(key);
          for (std::int64_t c = kLanes<A>; c < size; c += kLanes<A>)
            sums[i] += load_lanes(query + c) * load_lanes(key + c);
        }
        turn_over(sums);
        for (std::int64_t i = 1; i < 16; ++i) sums[0] += sums[i];
        *reinterpret_cast<VectorOf<float>::Type*>(scores + j) = sums[0];
      }
  for (; j < count; ++j) {
    const T* key = keys + j * stride;
    A dot = 0;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t c = 0; c < size; ++c) dot += query[c] * load(key + c);
    scores[j] = dot;
  }
}

// Scores become probabilities times the sum that is returned.
template <class A>
A exponentiate(A softcap, std::int64_t count, A* scores) {
  if (softcap > 0)
#pragma omp simd
    for (std::int64_t j = 0; j < count; ++j) scores[j] = softcap * fast_tanh(scores[j] / softcap);
  A top = scores[0], sum = 0;
#pragma omp simd reduction(max : top)
  for (std::int64_t j = 0; j < count; ++j) top = scores[j] > top ? scores[j] : top;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < count; ++j) sum += (scores[j] = fast_exp(scores[j] - top));
  return sum;
}

// out = sum of scores[j] values[j], for `kVectors` vectors of channels.
template <int kVectors, class T, class A>
void add_vectors(const A* scores, const T* values, std::int64_t stride, std::int64_t count,
                 A* out) {
  using V = typename VectorOf<A>::Type;
  V sums[kVectors] = {};
  for (std::int64_t j = 0; j < count; ++j)
    for (int v = 0; v < kVectors; ++v)
      sums[v] += scores[j] * load_lanes(values + j * stride + v * kLanes<A>);
  for (int v = 0; v < kVectors; ++v) *reinterpret_cast<V*>(out + v * kLanes<A>) = sums[v];
}

template <class T, class A>
void add_values(const A* scores, const T* values, std::int64_t stride, std::int64_t size,
                std::int64_t count, A* out) {
  std::int64_t c = 0;
  for (; c + 4 * kLanes<A> <= size; c += 4 * kLanes<A>)
    add_vectors<4>(scores, values + c, stride, count, out + c);
  for (; c + kLanes<A> <= size; c += kLanes<A>)
    add_vectors<1>(scores, values + c, stride, count, out + c);
  for (; c < size; ++c) {
    A sum = 0;
    for (std::int64_t j = 0; j < count; ++j) sum += scores[j] * load(values + j * stride + c);
    out[c] = sum;
  }
}

}  // namespace

template <class T>
void append_to_cache(const DecodeShape<T>& shape, const T* qkv) {
  const std::int64_t width = shape.kv_heads * shape.head_size;
  const std::int64_t stride = shape.heads * shape.head_size + 2 * width;
  const T* row = qkv + shape.heads * shape.head_size;
  for (std::int64_t s = 0; s < shape.count; ++s) {
    const DecodeSequence<T>& sequence = shape.sequences[s];
    for (std::int64_t t = 0; t < sequence.new_tokens; ++t, row += stride) {
      std::copy_n(row, width, sequence.keys + (sequence.cached + t) * width);
      std::copy_n(row + width, width, sequence.values + (sequence.cached + t) * width);
    }
  }
}

template <class T>
void attention_decode(const DecodeShape<T>& shape, const T* qkv, T* context) {
  using A = Accumulate<T>;
  const std::int64_t d = shape.head_size, group = shape.heads / shape.kv_heads;
  const std::int64_t cache_stride = shape.kv_heads * d,
                     qkv_stride = (shape.heads + 2 * shape.kv_heads) * d;
  const A scale = shape.scale == 0 ? A(1) / std::sqrt(A(d)) : A(shape.scale);
  const std::vector<std::int64_t> rows = first_rows(shape);
  std::int64_t longest = 0;
  for (std::int64_t s = 0; s < shape.count; ++s)
    longest = std::max(longest, shape.sequences[s].cached + shape.sequences[s].new_tokens);
  std::vector<Scratch<A>> scratch(std::size_t(row_workers()), Scratch<A>(d, longest));
  parallel_items(shape.count * shape.kv_heads, [&](std::int64_t item, int worker) {
    const std::int64_t s = item / shape.kv_heads, kv_head = item % shape.kv_heads;
    const DecodeSequence<T>& sequence = shape.sequences[s];
    Scratch<A>& mine = scratch[std::size_t(worker)];
    for (std::int64_t t = 0; t < sequence.new_tokens; ++t) {
      const std::int64_t position = sequence.cached + t;
      const std::int64_t begin =
          shape.window > 0 ? std::max<std::int64_t>(0, position - shape.window + 1) : 0;
      const std::int64_t count = position + 1 - begin, at = begin * cache_stride + kv_head * d;
      for (std::int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
        const T* query = qkv + (rows[std::size_t(s)] + t) * qkv_stride + head * d;
        for (std::int64_t c = 0; c < d; ++c) mine.query[std::size_t(c)] = scale * load(query + c);
        score_keys(mine.query.data(), sequence.keys + at, cache_stride, d, count,
                   mine.scores.data());
        const A sum = exponentiate(A(shape.softcap), count, mine.scores.data());
        add_values(mine.scores.data(), sequence.values + at, cache_stride, d, count,
                   mine.out.data());
        T* out = context + ((rows[std::size_t(s)] + t) * shape.heads + head) * d;
        for (std::int64_t c = 0; c < d; ++c) store(out + c, mine.out[std::size_t(c)] / sum);
      }
    }
  });
}

#define TEMPER_DECODE(T)                                             \
  template void append_to_cache<T>(const DecodeShape<T>&, const T*); \
  template void attention_decode<T>(const DecodeShape<T>&, const T*, T*);
TEMPER_DECODE(double)
TEMPER_DECODE(float)
TEMPER_DECODE(Bf16)
#undef TEMPER_DECODE

}  // namespace temper
