#include "kernels/embedding.hpp"

#include <algorithm>
#include <vector>

#include "kernels/parallel.hpp"

namespace temper {

namespace {

template <class T>
Accumulate<T> rounded(double value) {
  T stored;
  store(&stored, Accumulate<T>(value));
  return load(&stored);
}

// out = out + from, in the accumulation type.
template <class T, class A>
void add_row(const T* from, std::int64_t width, A* out) {
  for (std::int64_t i = 0; i < width; ++i) out[i] += load(from + i);
}

}  // namespace

template <class T>
void embedding_forward(const T* words, double scale, const T* positions, std::int64_t offset,
                       const T* types, const std::int32_t* ids, const std::int32_t* places,
                       const std::int32_t* kinds, std::int64_t tokens, std::int64_t width, T* sum) {
  using A = Accumulate<T>;
  const A factor = rounded<T>(scale);
  parallel_rows(tokens, [&](std::int64_t begin, std::int64_t end, int) {
    std::vector<A> row(static_cast<std::size_t>(width));
    for (std::int64_t t = begin; t < end; ++t) {
      const T* word = words + std::int64_t(ids[t]) * width;
      for (std::int64_t i = 0; i < width; ++i) row[std::size_t(i)] = factor * load(word + i);
      if (positions != nullptr)
        add_row(positions + (places[t] + offset) * width, width, row.data());
      if (types != nullptr)
        add_row(types + (kinds == nullptr ? 0 : kinds[t]) * width, width, row.data());
      for (std::int64_t i = 0; i < width; ++i) store(sum + t * width + i, row[std::size_t(i)]);
    }
  });
}

template <class T>
void add_rows(const T* gradient, double scale, const std::int32_t* rows, std::int64_t tokens,
              std::int64_t width, Accumulate<T>* table) {
  const Accumulate<T> factor = rounded<T>(scale);
  // Two tokens may share a row, so columns are dealt out, not tokens.
  parallel_rows(width, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = 0; t < tokens; ++t) {
      Accumulate<T>* row = table + std::int64_t(rows[t]) * width;
      const T* from = gradient + t * width;
      for (std::int64_t i = begin; i < end; ++i) row[i] += factor * load(from + i);
    }
  });
}

template <class T>
void mean_pool_forward(const T* x, const std::int64_t* offsets, std::int64_t documents,
                       std::int64_t width, Accumulate<T>* pooled) {
  using A = Accumulate<T>;
  parallel_rows(documents, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t n = begin; n < end; ++n) {
      A* out = pooled + n * width;
      std::fill_n(out, width, A(0));
      for (std::int64_t t = offsets[n]; t < offsets[n + 1]; ++t)
        for (std::int64_t i = 0; i < width; ++i) out[i] += load(x + t * width + i);
      const A share = A(1) / A(offsets[n + 1] - offsets[n]);
      for (std::int64_t i = 0; i < width; ++i) out[i] *= share;
    }
  });
}

template <class T>
void mean_pool_backward(const Accumulate<T>* gradient, const std::int64_t* offsets,
                        std::int64_t documents, std::int64_t width, T* dx) {
  using A = Accumulate<T>;
  parallel_rows(documents, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t n = begin; n < end; ++n) {
      const A share = A(1) / A(offsets[n + 1] - offsets[n]);
      for (std::int64_t t = offsets[n]; t < offsets[n + 1]; ++t)
        for (std::int64_t i = 0; i < width; ++i)
          store(dx + t * width + i, gradient[n * width + i] * share);
    }
  });
}

#define TEMPER_EMBEDDING(T)                                                                     \
  template void embedding_forward<T>(const T*, double, const T*, std::int64_t, const T*,        \
                                     const std::int32_t*, const std::int32_t*,                  \
                                     const std::int32_t*, std::int64_t, std::int64_t, T*);      \
  template void add_rows<T>(const T*, double, const std::int32_t*, std::int64_t, std::int64_t,  \
                            Accumulate<T>*);                                                    \
  template void mean_pool_forward<T>(const T*, const std::int64_t*, std::int64_t, std::int64_t, \
                                     Accumulate<T>*);                                           \
  template void mean_pool_backward<T>(const Accumulate<T>*, const std::int64_t*, std::int64_t,  \
                                      std::int64_t, T*);
TEMPER_EMBEDDING(double)
TEMPER_EMBEDDING(float)
TEMPER_EMBEDDING(Bf16)
#undef TEMPER_EMBEDDING

}  // namespace temper
