// Embedding rows in and out, and mean pooling over documents.
#pragma once

#include <cstdint>

#include "kernels/number.hpp"

namespace temper {

// sum[t] = scale * words[ids[t]] + positions[places[t] + offset] + types[kinds[t]]. positions and
// types may be null; null kinds are all 0. `scale` is rounded to T first.
template <class T>
void embedding_forward(const T* words, double scale, const T* positions, std::int64_t offset,
                       const T* types, const std::int32_t* ids, const std::int32_t* places,
                       const std::int32_t* kinds, std::int64_t tokens, std::int64_t width, T* sum);

// table[rows[t]] += scale * gradient[t], in token order: only the rows of the tokens seen are
// touched. `scale` is rounded to T first.
template <class T>
void add_rows(const T* gradient, double scale, const std::int32_t* rows, std::int64_t tokens,
              std::int64_t width, Accumulate<T>* table);

// pooled[n] = mean of x over the tokens of document n, in the accumulation type.
template <class T>
void mean_pool_forward(const T* x, const std::int64_t* offsets, std::int64_t documents,
                       std::int64_t width, Accumulate<T>* pooled);
// dx[t] = gradient[n] / length(n) for the tokens of document n.
template <class T>
void mean_pool_backward(const Accumulate<T>* gradient, const std::int64_t* offsets,
                        std::int64_t documents, std::int64_t width, T* dx);

}  // namespace temper
