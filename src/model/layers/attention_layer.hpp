// The attention half of a block: query, key, value; norms of their heads; rotary positions;
// attention over the documents; output.
#pragma once

#include "kernels/attention.hpp"
#include "model/layers/norm.hpp"
#include "model/layers/projection.hpp"

namespace temper {

class AttentionLayer {
 public:
  struct Saved {
    at::Tensor qkv;                // [tokens, heads + 2 kv_heads, head_size], normed and rotated
    at::Tensor context, log_sums;  // [tokens, heads, head_size], [tokens, heads]
    NormSaved q_norm, k_norm;      // [tokens * heads, head_size] where heads are normed
    Projection::Saved low_qkv, low_out;
  };

  // `layer` counts from 0.
  AttentionLayer(const ModelShape& shape, const ParameterTable& table, std::int64_t layer,
                 double lora_scale);

  at::Tensor forward(const at::Tensor& x, const Pass& pass, Saved& saved, MatrixUse& use) const;
  at::Tensor backward(const at::Tensor& dy, const at::Tensor& x, const Pass& pass, Saved& saved,
                      WeightWork& work, bool needs_input) const;
  bool trained() const;

 private:
  void norm_heads(const at::Tensor& qkv, Saved& saved) const;
  void backward_norm_heads(const at::Tensor& d_qkv, const Saved& saved) const;
  void turn(const at::Tensor& qkv, const Pass& pass, bool inverse) const;
  AttentionShape shape_of(const Pass& pass) const;
  void attend(const Pass& pass, Saved& saved) const;
  void attend_cached(const Pass& pass, Saved& saved) const;

  BlockShape shape_;
  LayerShape layer_;
  bool rotary_;
  std::uint32_t key_layer_;
  Projection qkv_, out_;
  Norm q_norm_, k_norm_;
};

}  // namespace temper
