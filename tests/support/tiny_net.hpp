// Stage and head as one, for tests that look at logits.
#pragma once

#include "model/head.hpp"
#include "model/stage.hpp"

namespace temper {

struct TinyNet {
  struct Saved : Stage::Saved {
    Head::Saved head;
  };
  Stage stage;
  Head head;

  TinyNet(const ModelShape& shape, const ParameterTable& table, const StageOptions& options = {})
      : stage(shape, table, options), head(shape, table) {}

  at::Tensor forward(const PackedBatch& batch, std::uint64_t seed, bool training,
                     Saved& saved) const {
    MatrixUse of_head;
    return head.forward(stage.forward(batch, seed, training, saved), batch, seed, training,
                        saved.head, of_head);
  }
  void backward(const at::Tensor& d_logits, const PackedBatch& batch, std::uint64_t seed,
                Saved& saved) const {
    MatrixUse of_head;
    const at::Tensor d_hidden = head.backward(d_logits, batch, seed, saved.head, of_head);
    if (d_hidden.defined()) stage.backward(d_hidden, batch, seed, saved);
  }
};

}  // namespace temper
