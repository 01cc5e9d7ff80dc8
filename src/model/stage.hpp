// The part of a model that one pipeline stage holds: here embeddings, all blocks and the final
// norm. What comes after is the Head's (head.hpp).
//
//   const Stage stage(shape, table, {.recompute = Recompute::blocks});
//   Stage::Saved saved;
//   const at::Tensor hidden = stage.forward(batch, seed, /*training=*/true, saved);
//   stage.backward(d_hidden, batch, seed, saved);   // adds to the table's gradients
#pragma once

#include <vector>

#include "model/block.hpp"
#include "model/key_value_cache.hpp"

namespace temper {

// Activation checkpointing (Chen et al. 2016, 1604.06174): what backward computes again instead of
// keeping it. The same numbers, bit for bit, whatever is chosen.
enum class Recompute {
  none,
  blocks,    // every n-th block keeps its input alone and goes forward again
  selective  // norms, activations and gated products: cheap to compute, large to keep
};

struct StageOptions {
  Recompute recompute = Recompute::none;
  std::int64_t every = 1;  // n of Recompute::blocks
  double lora_scale = 1;   // of every adapter: lora_scale() of plan/lora_plan.hpp
  double lora_dropout = 0;
};

class Stage {
 public:
  struct Saved {
    NormSaved embedding_norm, final_norm;
    std::vector<RotaryTable> rotary;
    std::vector<Block::Saved> blocks;
    MatrixUse matrix;  // of the blocks' products, forward and backward
  };

  // Local. `table` must hold every logical tensor of `shape` by its role; the views are kept.
  // Linears for which it holds adapters use them.
  Stage(const ModelShape& shape, const ParameterTable& table, const StageOptions& options = {});

  // Hidden states [tokens, hidden] after the final norm. Dropout probabilities are those of the
  // shape when `training`, else 0 and nothing is kept for backward.
  // With a cache, the batch's documents go on where the cache's selected slots end.
  at::Tensor forward(const PackedBatch& batch, std::uint64_t seed, bool training, Saved& saved,
                     KeyValueCache* cache = nullptr) const;
  // d_hidden is the gradient of what forward returned; it may be overwritten. Goes down to the
  // lowest trained parameter and no further.
  void backward(const at::Tensor& d_hidden, const PackedBatch& batch, std::uint64_t seed,
                Saved& saved) const;

  const ModelShape& shape() const { return shape_; }
  at::ScalarType dtype() const { return words_.weight.scalar_type(); }

 private:
  Pass pass(const PackedBatch& batch, std::uint64_t seed, bool training, const Saved& saved,
            const KeyValueCache* cache = nullptr) const;
  at::Tensor embed(const Pass& pass, Saved& saved) const;
  void backward_embed(at::Tensor dx, const Pass& pass, const Saved& saved) const;
  Stream forward_block(std::size_t i, const Stream& in, const Pass& pass, Saved& saved) const;
  bool recomputes(std::size_t block) const;

  ModelShape shape_;
  StageOptions options_;
  Parameter words_, positions_, types_;
  Norm embedding_norm_, final_norm_;
  std::vector<Block> blocks_;
  // The lowest thing that is trained: 0 embeddings, 1 + i block i, 1 + L the final norm, 2 + L
  // nothing.
  std::size_t lowest_ = 0;
};

}  // namespace temper
