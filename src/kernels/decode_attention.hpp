// Attention of new tokens against cached keys and values: one step of generation for several
// sequences, each with its own cache [capacity, kv_heads, head_size] in T.
//
//   append_to_cache(shape, qkv);                // keys and values of the new tokens (rotated)
//   attention_decode(shape, qkv, context);      // equals attention_forward's rows of those tokens
//
// qkv is [tokens, heads + 2 kv_heads, head_size] and context [tokens, heads, head_size], as in
// attention.hpp; the new tokens of the sequences lie end to end.
#pragma once

#include <cstdint>

#include "kernels/number.hpp"

namespace temper {

template <class T>
struct DecodeSequence {
  T *keys = nullptr, *values = nullptr;  // not owned; capacity >= cached + new_tokens
  std::int64_t cached = 0;               // tokens in the cache before this step
  std::int64_t new_tokens = 1;           // at positions cached, cached + 1, ...
};

template <class T>
struct DecodeShape {
  std::int64_t heads = 0, kv_heads = 0, head_size = 0;
  std::int64_t window = 0;  // keys t-window+1 .. t; 0: all up to t
  double scale = 0;         // of the scores; 0: head_size^-1/2
  double softcap = 0;       // c tanh(score / c); 0: none
  const DecodeSequence<T>* sequences = nullptr;
  std::int64_t count = 0;
};

// Writes keys and values of the new tokens behind the cached ones. Local, by rows.
template <class T>
void append_to_cache(const DecodeShape<T>& shape, const T* qkv);

// Causal attention of the new tokens; their keys and values are in the cache already.
template <class T>
void attention_decode(const DecodeShape<T>& shape, const T* qkv, T* context);

}  // namespace temper
