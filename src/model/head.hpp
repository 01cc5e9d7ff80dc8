// From the last hidden states to outputs: a class for each document or token, or the vocabulary.
//
//   Head::Saved saved;
//   const at::Tensor logits = head.forward(hidden, batch, seed, /*training=*/true, saved);
//   at::Tensor d_hidden = head.backward(loss.gradient, batch, seed, saved);
// or, for language models, both at once in chunks of tokens, so that logits are never stored whole:
//   LanguageLoss loss = head.language_loss(hidden, batch, options, /*gradient=*/true, use);
#pragma once

#include <vector>

#include "kernels/token_loss.hpp"
#include "model/linear.hpp"
#include "model/packed_batch.hpp"
#include "plan/model_shape.hpp"

namespace temper {

struct LanguageLossOptions {
  TokenLossOptions loss;
  std::int64_t chunk_tokens = 512;  // rows of logits that exist at once
};

struct LanguageLoss {
  double sum = 0;                 // of what is minimised, over the tokens that have a target
  std::vector<TokenLoss> tokens;  // of the tokens that have a target, in their order
  at::Tensor d_hidden;            // [tokens, hidden], of the sum; undefined without `gradient`
};

class Head {
 public:
  struct Saved {
    at::Tensor rows, pooled, dense, activated, norm_sum, norm_stats, input;
  };

  // Local. The views are kept.
  Head(const ModelShape& shape, const ParameterTable& table);

  // hidden [tokens, hidden] -> logits in the accumulation type: [documents, labels] of a sequence
  // head, [tokens, labels] of a token head.
  at::Tensor forward(const at::Tensor& hidden, const PackedBatch& batch, std::uint64_t seed,
                     bool training, Saved& saved, MatrixUse& use) const;
  // The gradient of hidden; the head's own gradients are added to the table's.
  at::Tensor backward(const at::Tensor& d_logits, const PackedBatch& batch, std::uint64_t seed,
                      Saved& saved, MatrixUse& use) const;

  // Language models: only tokens with batch.targets >= 0 pass the head.
  LanguageLoss language_loss(const at::Tensor& hidden, const PackedBatch& batch,
                             const LanguageLossOptions& options, bool gradient,
                             MatrixUse& use) const;
  // Logits of some rows of hidden, softcapped: [rows, vocabulary], for generation.
  at::Tensor language_logits(const at::Tensor& rows, MatrixUse& use) const;
};

}  // namespace temper
