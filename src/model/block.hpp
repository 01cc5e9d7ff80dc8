// One transformer block on [tokens, hidden], whatever the family (BlockShape):
//
//   before    s = x + drop(attention(norm1(x)));     z = s + drop(mlp(norm2(s)))
//   after     y = norm1(x + drop(attention(x)));     z = norm2(y + drop(mlp(y)))
//   sandwich  s = x + norm1_post(attention(norm1(x))); z = s + norm2_post(mlp(norm2(s)))
//   parallel  z = x + drop(attention(norm1(x))) + drop(mlp(norm2(x)))
//
// Sums with the residual are left to the norm that reads them: between blocks the stream is two
// tensors. forward keeps what backward needs in `Saved`, which belongs to the micro-batch. backward
// computes the input gradient and leaves the weight products in a WeightWork.
#pragma once

#include <string>

#include "model/layers/attention_layer.hpp"
#include "model/layers/mlp.hpp"
#include "model/layers/norm.hpp"

namespace temper {

// The residual stream: x + residual (which may be undefined).
struct Stream {
  at::Tensor x, residual;
};

class Block {
 public:
  struct Saved {
    at::Tensor input;   // the stream, summed
    at::Tensor y1, y2;  // what attention and MLP read; undefined where they are computed again
    NormSaved norm1, norm2, norm1_post, norm2_post;
    AttentionLayer::Saved attention;
    Mlp::Saved mlp;
  };

  // Takes the parameters "block.<layer>." of `table`.
  Block(const ModelShape& shape, const ParameterTable& table, std::int64_t layer,
        double lora_scale);

  // The tensors of `in` may be overwritten.
  Stream forward(const Stream& in, const Pass& pass, Saved& saved, MatrixUse& use) const;
  // The gradient of the stream, given that of the block's result; undefined without `needs_input`.
  // Bias and norm gradients are added at once; matrix gradients when `work` runs.
  at::Tensor backward(const at::Tensor& dz, const Pass& pass, Saved& saved, WeightWork& work,
                      bool needs_input) const;

  // After forward: forgets all but the input, or what is cheap to compute again. backward computes
  // it again by itself.
  static void keep_input(Saved& saved);
  void keep_products(Saved& saved) const;

  bool trained() const;

 private:
  Stream forward_after(const at::Tensor& x, const Pass& pass, Saved& saved, MatrixUse& use) const;
  Stream forward_before(const Stream& in, const Pass& pass, Saved& saved, MatrixUse& use) const;
  at::Tensor backward_after(const at::Tensor& dz, const Pass& pass, Saved& saved, WeightWork& work,
                            bool needs_input) const;
  at::Tensor backward_before(const at::Tensor& dz, const Pass& pass, Saved& saved, WeightWork& work,
                             bool needs_input) const;
  void compute_again(const Pass& pass, Saved& saved, MatrixUse& use) const;
  void drop(const at::Tensor& x, const Pass& pass, std::uint32_t op) const;
  at::Tensor dropped(const at::Tensor& gradient, const Pass& pass, std::uint32_t op) const;

  NormPlace place_;
  bool parallel_;
  std::uint32_t layer_;  // in keys of dropout: counted from 1
  Norm norm1_, norm2_, norm1_post_, norm2_post_;
  AttentionLayer attention_;
  Mlp mlp_;
};

}  // namespace temper
