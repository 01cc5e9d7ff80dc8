// The part of a model that one pipeline stage holds: here embeddings, all blocks, pooling and head.
//
//   Stage::Saved saved;
//   const at::Tensor logits = stage.forward(batch, seed, /*training=*/true, saved);
//   stage.backward(loss.gradient, batch, seed, saved);   // adds to the table's gradients
//
// Logits are [documents, labels] in the accumulation type.
#pragma once

#include <vector>

#include "model/block.hpp"

namespace temper {

class Stage {
 public:
  struct Saved {
    at::Tensor embedding_sum, embedding_stats, last, pooled_input, pooled, head_input;
    std::vector<Block::Saved> blocks;
    MatrixUse matrix;  // of the blocks' products, forward and backward
  };

  // Local. `table` must hold every logical tensor of `shape`; the views are kept.
  Stage(const ModelShape& shape, const ParameterTable& table);

  // Dropout probabilities are those of the shape when `training`, else 0.
  at::Tensor forward(const PackedBatch& batch, std::uint64_t seed, bool training,
                     Saved& saved) const;
  void backward(const at::Tensor& logits_gradient, const PackedBatch& batch, std::uint64_t seed,
                Saved& saved) const;

 private:
  BlockOptions options(std::uint64_t seed, bool training) const;
  at::Tensor embed(const PackedBatch& batch, const BlockOptions& options, Saved& saved) const;
  at::Tensor pool(const at::Tensor& x, const PackedBatch& batch, Saved& saved) const;
  at::Tensor backward_pool(const at::Tensor& d_pooled, const PackedBatch& batch,
                           const Saved& saved) const;
  at::Tensor backward_head(const at::Tensor& logits_gradient, const PackedBatch& batch,
                           std::uint64_t seed, Saved& saved) const;
  void backward_embed(at::Tensor dx, const PackedBatch& batch, const BlockOptions& options,
                      Saved& saved) const;
  void drop_head(const at::Tensor& pooled, const PackedBatch& batch, std::uint64_t seed) const;

  ModelShape shape_;
  Parameter words_, positions_, types_;
  Norm embedding_norm_;
  std::vector<Block> blocks_;
  Linear pooler_, classifier_;
  bool trains_encoder_ = true;
};

}  // namespace temper
