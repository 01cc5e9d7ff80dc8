#include "kernels/embedding.hpp"

#include <algorithm>

#include "kernels/parallel.hpp"

namespace temper {

template <class T>
void embedding_forward(const T* words, const T* positions, const T* types, const std::int32_t* ids,
                       const std::int32_t* places, const std::int32_t* kinds, std::int64_t tokens,
                       std::int64_t width, T* sum) {
  parallel_rows(tokens, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      const T *w = words + ids[t] * width, *p = positions + places[t] * width;
      const T* k = types == nullptr ? nullptr : types + (kinds == nullptr ? 0 : kinds[t]) * width;
      T* out = sum + t * width;
      if (k == nullptr)
        for (std::int64_t i = 0; i < width; ++i) store(out + i, load(w + i) + load(p + i));
      else
        for (std::int64_t i = 0; i < width; ++i)
          store(out + i, load(w + i) + load(p + i) + load(k + i));
    }
  });
}

template <class T>
void add_rows(const T* gradient, const std::int32_t* rows, std::int64_t tokens, std::int64_t width,
              Accumulate<T>* table) {
  // Two tokens may share a row, so columns are dealt out, not tokens.
  parallel_rows(width, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = 0; t < tokens; ++t) {
      Accumulate<T>* row = table + std::int64_t(rows[t]) * width;
      const T* from = gradient + t * width;
      for (std::int64_t i = begin; i < end; ++i) row[i] += load(from + i);
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
  template void embedding_forward<T>(const T*, const T*, const T*, const std::int32_t*,         \
                                     const std::int32_t*, const std::int32_t*, std::int64_t,    \
                                     std::int64_t, T*);                                         \
  template void add_rows<T>(const T*, const std::int32_t*, std::int64_t, std::int64_t,          \
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
