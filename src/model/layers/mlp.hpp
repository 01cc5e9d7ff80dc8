// The MLP half of a block: down(act(up(x))), or down(act(gate(x)) * up(x)) where it is gated.
#pragma once

#include "model/layers/projection.hpp"
#include "plan/model_shape.hpp"

namespace temper {

class Mlp {
 public:
  struct Saved {
    at::Tensor pre;  // [tokens, width], or [tokens, 2 width]: gate and up
    at::Tensor act;  // [tokens, width]; undefined where it is computed again
    Projection::Saved low_up, low_down;
  };

  Mlp(const BlockShape& shape, const ParameterTable& table, std::int64_t layer, double lora_scale);

  at::Tensor forward(const at::Tensor& x, const Pass& pass, Saved& saved, MatrixUse& use) const;
  // Overwrites what is saved.
  at::Tensor backward(const at::Tensor& dy, const at::Tensor& x, const Pass& pass, Saved& saved,
                      WeightWork& work, bool needs_input) const;
  bool trained() const { return up_.trained() || down_.trained(); }

 private:
  at::Tensor activate(const at::Tensor& pre) const;
  at::Tensor backward_activation(const at::Tensor& d_act, const at::Tensor& pre) const;

  BlockShape shape_;
  Projection up_, down_;  // up_: gate and up where gated
};

}  // namespace temper
