// One transformer block of an encoder (Vaswani et al. 2017, post-norm as in BERT) on [tokens,
// hidden].
//
//   qkv = x Wqkv^T + b;  a = dropout(attention(qkv) Wo^T + b);  y = LN(x + a);  z = LN(y +
//   dropout(gelu(y W1^T + b) W2^T + b))
//
// forward keeps what backward needs in `Saved`, which belongs to the micro-batch. backward computes
// the input gradient and leaves the weight products in a WeightWork.
#pragma once

#include <array>
#include <string>

#include "model/linear.hpp"
#include "model/packed_batch.hpp"
#include "plan/model_shape.hpp"

namespace temper {

struct Norm {
  Parameter weight, bias;
  double eps = 1e-12;
};

struct BlockOptions {
  std::uint64_t seed = 0;
  double attn_dropout = 0, hidden_dropout = 0;  // 0 when evaluating
};

class Block {
 public:
  struct Saved {
    at::Tensor x, qkv, context, log_sums, sum1, stats1, y, pre, act, sum2, stats2;
  };

  // `prefix` is "encoder.layer.3.". Throws BadInput for what BlockShape can say and this block does
  // not compute.
  Block(const BlockShape& shape, const ParameterTable& table, const std::string& prefix, int layer);

  at::Tensor forward(const at::Tensor& x, const PackedBatch& batch, const BlockOptions& options,
                     Saved& saved, MatrixUse& use) const;
  // The gradient of x. Bias and norm gradients are added at once; matrix gradients when `work`
  // runs.
  at::Tensor backward_input(const at::Tensor& dz, const PackedBatch& batch,
                            const BlockOptions& options, Saved& saved, WeightWork& work) const;

 private:
  at::Tensor attend(const at::Tensor& x, const PackedBatch& batch, const BlockOptions& options,
                    Saved& saved, MatrixUse& use) const;
  at::Tensor qkv_bias() const;
  DropoutKey key(const PackedBatch& batch, const BlockOptions& options, std::uint32_t op,
                 double probability) const;

  BlockShape shape_;
  int layer_;
  Linear qkv_, out_, up_, down_;       // qkv_ without its bias
  std::array<Parameter, 3> qkv_bias_;  // query, key, value
  Norm norm1_, norm2_;
};

at::Tensor norm_forward(const Norm& norm, const at::Tensor& x, const at::Tensor& residual,
                        at::Tensor& sum, at::Tensor& stats);
at::Tensor norm_backward(const Norm& norm, const at::Tensor& dy, const at::Tensor& sum,
                         const at::Tensor& stats);

}  // namespace temper
