#include "kernels/decode_attention.hpp"

#include <algorithm>
#include <vector>

#include "kernels/parallel.hpp"

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

// scores[j] = query . keys[j]
template <class T, class A>
void score_keys(const A* query, const T* keys, std::int64_t stride, std::int64_t size,
                std::int64_t count, A* scores) {
  for (std::int64_t j = 0; j < count; ++j) {
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

// out = sum of scores[j] values[j]
template <class T, class A>
void add_values(const A* scores, const T* values, std::int64_t stride, std::int64_t size,
                std::int64_t count, A* out) {
  std::fill_n(out, size, A(0));
  for (std::int64_t j = 0; j < count; ++j) {
    const T* value = values + j * stride;
    const A share = scores[j];
#pragma omp simd
    for (std::int64_t c = 0; c < size; ++c) out[c] += share * load(value + c);
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
