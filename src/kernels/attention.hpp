// Attention over documents that lie end to end: softmax(scale Q K^T) V inside each document, for
// each head, in one pass that never leaves the cache. Made for short documents, right for any
// length: scores are kept for one query row at a time.
//
// qkv is [tokens, heads + 2 kv_heads, head_size]: queries, keys, values; context [tokens, heads,
// head_size]; log_sums [tokens, heads].
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/elementwise.hpp"

namespace temper {

struct AttentionShape {
  std::int64_t heads = 0, head_size = 0;
  std::int64_t kv_heads =
      0;  // 0: as many as heads; query head i reads key head i / (heads / kv_heads)
  bool causal = false;
  std::int64_t window = 0;  // causal: keys t-window+1 .. t; else |t - j| <= window; 0: all
  double scale = 0;         // of the scores; 0: head_size^-1/2
  double softcap = 0;       // c tanh(score / c) before the mask; 0: none
  const std::int64_t* offsets = nullptr;  // [documents + 1]
  std::int64_t documents = 0;
  const TokenPlace* places = nullptr;  // [tokens]: keys of dropout
  DropoutKey dropout;                  // on the probabilities; op of head h is dropout.op + h
};

template <class T>
void attention_forward(const AttentionShape& shape, const T* qkv, T* context,
                       Accumulate<T>* log_sums);

// d_context is the gradient of context; d_qkv receives that of qkv (overwritten). Probabilities are
// computed again from log_sums (Dao et al. 2022, FlashAttention, appendix B).
template <class T>
void attention_backward(const AttentionShape& shape, const T* qkv, const T* context,
                        const Accumulate<T>* log_sums, const T* d_context, T* d_qkv);

}  // namespace temper
