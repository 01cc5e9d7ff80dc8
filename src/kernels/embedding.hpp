// Embedding rows in and out, and mean pooling over documents.
#pragma once

#include <cstdint>

#include "kernels/number.hpp"

namespace temper {

// sum[t] = words[ids[t]] + positions[places[t]] + types[kinds[t]]; types may be null.
template <class T>
void embedding_forward(const T* words, const T* positions, const T* types, const std::int32_t* ids,
                       const std::int32_t* places, const std::int32_t* kinds, std::int64_t tokens,
                       std::int64_t width, T* sum);

// table[rows[t]] += gradient[t], in token order: only the rows of the tokens seen are touched.
template <class T>
void add_rows(const T* gradient, const std::int32_t* rows, std::int64_t tokens, std::int64_t width,
              Accumulate<T>* table);

// pooled[n] = mean of x over the tokens of document n, in the accumulation type.
template <class T>
void mean_pool_forward(const T* x, const std::int64_t* offsets, std::int64_t documents,
                       std::int64_t width, Accumulate<T>* pooled);
// dx[t] = gradient[n] / length(n) for the tokens of document n.
template <class T>
void mean_pool_backward(const Accumulate<T>* gradient, const std::int64_t* offsets,
                        std::int64_t documents, std::int64_t width, T* dx);

}  // namespace temper
