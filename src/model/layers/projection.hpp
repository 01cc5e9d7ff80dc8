// The linears that read the same input (query, key and value; gate and up; or one alone) as one
// product, with their biases and adapters.
//
//   const Projection qkv(table, {"block.0.attn.q", "block.0.attn.k", "block.0.attn.v"}, scale);
//   Projection::Saved saved;
//   const at::Tensor y = qkv.forward(x, pass, saved, use);    // [tokens, out of q + k + v]
//   const at::Tensor dx = qkv.backward(dy, x, pass, saved, work, {});
#pragma once

#include "model/layers/adapters.hpp"

namespace temper {

class Projection {
 public:
  using Saved = Adapters::Saved;
  struct Wants {
    bool input = true;  // the gradient of x
    bool bias = true;   // column sums of dy; else the caller adds them
  };

  Projection() = default;
  // The weights must lie next to each other. Biases are all there or none.
  Projection(const ParameterTable& table, const std::vector<std::string>& roles, double lora_scale);

  at::Tensor forward(const at::Tensor& x, const Pass& pass, Saved& saved, MatrixUse& use) const;
  // dx, or undefined; weight and adapter gradients are left to `work`.
  at::Tensor backward(const at::Tensor& dy, const at::Tensor& x, const Pass& pass,
                      const Saved& saved, WeightWork& work, Wants wants) const;

  bool trained() const;
  // Of a single linear, for whoever fuses its sums: undefined where frozen or none.
  const Parameter& bias() const { return biases_.front(); }

 private:
  at::Tensor joined_bias() const;
  void backward_bias(const at::Tensor& dy) const;

  Parameter weight_;
  std::vector<Parameter> biases_;  // of each linear
  Adapters adapters_;
};

}  // namespace temper
