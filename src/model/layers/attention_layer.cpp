#include "model/layers/attention_layer.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "kernels/rotary.hpp"
#include "model/dispatch.hpp"
#include "model/key_value_cache.hpp"

namespace temper {

namespace {

std::vector<std::string> linears_of(const BlockShape& shape, const std::string& prefix) {
  if (shape.qkv_fused) return {prefix + "qkv"};
  return {prefix + "q", prefix + "k", prefix + "v"};
}

}  // namespace

AttentionLayer::AttentionLayer(const ModelShape& shape, const ParameterTable& table,
                               std::int64_t layer, double lora_scale)
    : shape_(shape.block),
      layer_(shape.layer_at(layer)),
      rotary_(shape.positions == PositionKind::rotary),
      key_layer_(std::uint32_t(layer + 1)) {
  const std::string prefix = "block." + std::to_string(layer) + ".attn.";
  qkv_ = Projection(table, linears_of(shape_, prefix), lora_scale);
  out_ = Projection(table, {prefix + "out"}, lora_scale);
  if (!shape_.qk_norm) return;
  const NormKind kind =
      shape_.norm == NormKind::rms_norm_plus_one ? shape_.norm : NormKind::rms_norm;
  q_norm_ = Norm(table, prefix + "q_norm", kind, shape_.norm_eps);
  k_norm_ = Norm(table, prefix + "k_norm", kind, shape_.norm_eps);
}

bool AttentionLayer::trained() const {
  return qkv_.trained() || out_.trained() || q_norm_.trained() || k_norm_.trained();
}

AttentionShape AttentionLayer::shape_of(const Pass& pass) const {
  return {.heads = shape_.heads,
          .head_size = shape_.head_size,
          .kv_heads = shape_.kv_heads,
          .causal = shape_.mask == MaskKind::causal,
          .window = layer_.window,
          .scale = shape_.attention_scale,
          .softcap = shape_.attention_softcap,
          .offsets = pass.batch.offsets.data(),
          .documents = pass.batch.size(),
          .places = pass.batch.places.data(),
          .dropout = pass.key(key_layer_, dropout_op::probabilities, pass.attn_dropout)};
}

// Heads lie strided in qkv: they are copied out, normed and copied back.
void AttentionLayer::norm_heads(const at::Tensor& qkv, Saved& saved) const {
  const std::int64_t d = shape_.head_size;
  const auto norm = [&](const Norm& by, std::int64_t first, std::int64_t heads, NormSaved& kept) {
    const at::Tensor part = qkv.narrow(1, first * d, heads * d);
    const at::Tensor y = norm_forward(by, part.contiguous().view({-1, d}), {}, kept);
    part.copy_(y.view({qkv.size(0), heads * d}));
  };
  norm(q_norm_, 0, shape_.heads, saved.q_norm);
  norm(k_norm_, shape_.heads, shape_.kv_heads, saved.k_norm);
}

void AttentionLayer::backward_norm_heads(const at::Tensor& d_qkv, const Saved& saved) const {
  const std::int64_t d = shape_.head_size;
  const auto norm = [&](const Norm& by, std::int64_t first, std::int64_t heads,
                        const NormSaved& kept) {
    const at::Tensor part = d_qkv.narrow(1, first * d, heads * d);
    const at::Tensor ds = norm_backward(by, part.contiguous().view({-1, d}), kept, {});
    part.copy_(ds.view({d_qkv.size(0), heads * d}));
  };
  norm(q_norm_, 0, shape_.heads, saved.q_norm);
  norm(k_norm_, shape_.heads, shape_.kv_heads, saved.k_norm);
}

// Query and key heads lie next to each other in a row.
void AttentionLayer::turn(const at::Tensor& qkv, const Pass& pass, bool inverse) const {
  const RotaryTable& table = pass.rotary[std::size_t(layer_.rope)];
  dispatch(qkv.scalar_type(), [&]<class T>() {
    rotate<T>(data<T>(qkv), qkv.size(1), shape_.heads + shape_.kv_heads, shape_.head_size,
              table.rotated, accumulator<T>(table.cosines), accumulator<T>(table.sines),
              table.rows.data(), qkv.size(0), inverse);
  });
}

void AttentionLayer::attend(const Pass& pass, Saved& saved) const {
  dispatch(saved.qkv.scalar_type(), [&]<class T>() {
    attention_forward(shape_of(pass), data<T>(saved.qkv), data<T>(saved.context),
                      accumulator<T>(saved.log_sums));
  });
}

// New tokens join the cache. Whole documents attend as ever; others read the cache.
void AttentionLayer::attend_cached(const Pass& pass, Saved& saved) const {
  dispatch(saved.qkv.scalar_type(), [&]<class T>() {
    const auto sequences =
        pass.cache->sequences<T>(std::int64_t(key_layer_) - 1, pass.batch.offsets);
    const DecodeShape<T> shape{.heads = shape_.heads,
                               .kv_heads = shape_.kv_heads,
                               .head_size = shape_.head_size,
                               .window = layer_.window,
                               .scale = shape_.attention_scale,
                               .softcap = shape_.attention_softcap,
                               .sequences = sequences.data(),
                               .count = std::int64_t(sequences.size())};
    append_to_cache(shape, data<T>(saved.qkv));
    if (pass.cache->empty())
      attend(pass, saved);
    else
      attention_decode(shape, data<T>(saved.qkv), data<T>(saved.context));
  });
}

at::Tensor AttentionLayer::forward(const at::Tensor& x, const Pass& pass, Saved& saved,
                                   MatrixUse& use) const {
  saved.qkv = qkv_.forward(x, pass, saved.low_qkv, use);
  if (shape_.qk_norm) norm_heads(saved.qkv, saved);
  if (rotary_) turn(saved.qkv, pass, false);
  saved.context = at::empty({x.size(0), shape_.heads * shape_.head_size}, x.options());
  saved.log_sums =
      at::empty({x.size(0), shape_.heads}, at::dtype(accumulate_type(x.scalar_type())));
  if (pass.cache != nullptr)
    attend_cached(pass, saved);
  else
    attend(pass, saved);
  return out_.forward(saved.context, pass, saved.low_out, use);
}

at::Tensor AttentionLayer::backward(const at::Tensor& dy, const at::Tensor& x, const Pass& pass,
                                    Saved& saved, WeightWork& work, bool needs_input) const {
  const bool below = needs_input || qkv_.trained() || q_norm_.trained() || k_norm_.trained();
  const at::Tensor d_context =
      out_.backward(dy, saved.context, pass, saved.low_out, work, {.input = below});
  if (!below) return {};
  const at::Tensor d_qkv = at::empty_like(saved.qkv);
  dispatch(dy.scalar_type(), [&]<class T>() {
    attention_backward(shape_of(pass), data<T>(saved.qkv), data<T>(saved.context),
                       accumulator<T>(saved.log_sums), data<T>(d_context), data<T>(d_qkv));
  });
  if (rotary_) turn(d_qkv, pass, true);
  if (shape_.qk_norm) backward_norm_heads(d_qkv, saved);
  return qkv_.backward(d_qkv, x, pass, saved.low_qkv, work, {.input = needs_input});
}

}  // namespace temper
