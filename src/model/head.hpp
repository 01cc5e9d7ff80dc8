// From the last hidden states to outputs: a class for each document or token, or the vocabulary.
//
//   Head::Saved saved;
//   const at::Tensor logits = head.forward(hidden, batch, seed, /*training=*/true, saved, use);
//   at::Tensor d_hidden = head.backward(loss.gradient, batch, seed, saved, use);
// or, for language models, both at once in chunks of tokens, so that logits are never stored whole:
//   LanguageLoss loss = head.language_loss(hidden, batch, options, /*gradient=*/true, use);
#pragma once

#include <vector>

#include "kernels/token_loss.hpp"
#include "model/layers/norm.hpp"
#include "model/linear.hpp"
#include "model/packed_batch.hpp"
#include "plan/model_shape.hpp"

namespace temper {

struct LanguageLossOptions {
  TokenLossOptions loss;            // softcap is the model's, whatever stands here
  std::int64_t chunk_tokens = 512;  // rows of logits that exist at once
};

struct LanguageLoss {
  double sum = 0;                 // of what is minimised, over the tokens that have a target
  std::vector<TokenLoss> tokens;  // of the tokens that have a target, in their order
  // [tokens, hidden], of the sum; undefined without `gradient` and where nothing below is trained.
  at::Tensor d_hidden;
};

class Head {
 public:
  // Between the rows that enter and the output matrix.
  struct Transformed {
    at::Tensor rows, pre, act;
    NormSaved norm;
  };
  struct Saved {
    at::Tensor hidden;                // what entered: its shape and dtype
    at::Tensor pooled_input, pooled;  // of the pooler
    Transformed transformed;
    at::Tensor input;  // of the output matrix
  };

  // Local. The views are kept.
  Head(const ModelShape& shape, const ParameterTable& table);

  // hidden [tokens, hidden] -> logits in the accumulation type: [documents, labels] of a sequence
  // head, [tokens, labels] of a token head.
  at::Tensor forward(const at::Tensor& hidden, const PackedBatch& batch, std::uint64_t seed,
                     bool training, Saved& saved, MatrixUse& use) const;
  // The gradient of hidden (undefined where nothing below is trained); the head's own gradients are
  // added to the table's.
  at::Tensor backward(const at::Tensor& d_logits, const PackedBatch& batch, std::uint64_t seed,
                      Saved& saved, MatrixUse& use) const;

  // Language models: only tokens with batch.targets >= 0 pass the head.
  LanguageLoss language_loss(const at::Tensor& hidden, const PackedBatch& batch,
                             const LanguageLossOptions& options, bool gradient,
                             MatrixUse& use) const;
  // Logits of some rows of hidden, softcapped, in the accumulation type: [rows, vocabulary].
  at::Tensor language_logits(const at::Tensor& rows, MatrixUse& use) const;

 private:
  at::Tensor transform(const at::Tensor& rows, Transformed& saved, MatrixUse& use) const;
  at::Tensor backward_transform(at::Tensor d, const Transformed& saved, MatrixUse& use) const;
  at::Tensor pool(const at::Tensor& hidden, const PackedBatch& batch, Saved& saved,
                  MatrixUse& use) const;
  at::Tensor backward_pool(at::Tensor d, const PackedBatch& batch, const Saved& saved,
                           MatrixUse& use) const;
  at::Tensor dropped(const at::Tensor& rows, const PackedBatch& batch, std::uint64_t seed,
                     std::uint32_t op) const;
  // One chunk of rows of `hidden`: losses, and with `logits` holding their gradient, what follows.
  void backward_chunk(const at::Tensor& logits, const at::Tensor& input,
                      const Transformed& transformed, const at::Tensor& index,
                      const at::Tensor& d_hidden, MatrixUse& use) const;

  ModelShape shape_;
  Linear pooler_, dense_, out_;
  Norm norm_;
  bool trains_below_ = false, trains_transform_ = false, trains_pooler_ = false;
};

}  // namespace temper
