#include "model/block.hpp"

#include <ATen/ops/add.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include "core/problem.hpp"
#include "kernels/attention.hpp"
#include "kernels/layer_norm.hpp"
#include "model/dispatch.hpp"

namespace temper {

namespace {

constexpr std::uint32_t kAttentionOutput = 1, kMlpOutput = 2, kProbabilities = 16;

Curve curve_of(Activation activation) {
  switch (activation) {
    case Activation::gelu_erf:
      return Curve::gelu;
    case Activation::gelu_tanh:
      return Curve::gelu_tanh;
    case Activation::silu:
      return Curve::silu;
    case Activation::relu:
      return Curve::relu;
  }
  return Curve::gelu;
}

// What this block does not compute, by the names of BlockShape; "" when it computes all of it.
std::string unsupported(const BlockShape& shape) {
  std::string names;
  const auto refuse = [&](bool asked, const char* name) {
    if (asked) names += std::string(names.empty() ? "" : ", ") + name;
  };
  refuse(shape.norm != NormKind::layer_norm, "norm = rms_norm");
  refuse(shape.norm_place != NormPlace::after, "norm_place = before");
  refuse(shape.mask != MaskKind::bidirectional, "mask = causal");
  refuse(shape.kv_heads != shape.heads, "kv_heads other than heads");
  refuse(shape.gated_mlp, "gated_mlp");
  refuse(!shape.qkv_bias || !shape.out_bias || !shape.mlp_bias, "linears without bias");
  refuse(shape.hidden % 8 != 0, "hidden that is no multiple of 8");
  return names;
}

// Query, key and value as one matrix where the unit layout placed them next to each other;
// undefined otherwise.
at::Tensor joined(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t n = q.numel();
  if (k.storage_offset() != q.storage_offset() + n || v.storage_offset() != k.storage_offset() + n)
    return {};
  auto sizes = q.sizes().vec();
  sizes[0] *= 3;
  return q.as_strided(sizes, q.strides());
}

Norm norm_of(const ParameterTable& table, const std::string& name, double eps) {
  return {table.at(name + ".weight"), table.at(name + ".bias"), eps};
}

// A place for gradients of frozen parameters, so that kernels need no special case.
at::Tensor gradient_or_scratch(const Parameter& parameter) {
  return parameter.trained()
             ? parameter.gradient
             : at::zeros(parameter.weight.sizes(),
                         at::dtype(accumulate_type(parameter.weight.scalar_type())));
}

AttentionShape attention_shape(const BlockShape& shape, const PackedBatch& batch,
                               const DropoutKey& key) {
  return {shape.heads,  shape.head_size,     batch.offsets.data(),
          batch.size(), batch.places.data(), key};
}

}  // namespace

at::Tensor norm_forward(const Norm& norm, const at::Tensor& x, const at::Tensor& residual,
                        at::Tensor& sum, at::Tensor& stats) {
  const std::int64_t rows = x.size(0), width = x.size(1);
  at::Tensor y = at::empty_like(x);
  sum = x;
  stats = at::empty({rows, 2}, at::dtype(accumulate_type(x.scalar_type())));
  dispatch(x.scalar_type(), [&]<class T>() {
    layer_norm_forward(data<T>(x), data<T>(residual), data<T>(norm.weight.weight),
                       data<T>(norm.bias.weight), norm.eps, rows, width, data<T>(sum), data<T>(y),
                       accumulator<T>(stats));
  });
  return y;
}

at::Tensor norm_backward(const Norm& norm, const at::Tensor& dy, const at::Tensor& sum,
                         const at::Tensor& stats) {
  at::Tensor ds = at::empty_like(dy);
  const at::Tensor gain = gradient_or_scratch(norm.weight), bias = gradient_or_scratch(norm.bias);
  dispatch(dy.scalar_type(), [&]<class T>() {
    layer_norm_backward(data<T>(dy), data<T>(sum), data<T>(norm.weight.weight),
                        accumulator<T>(stats), dy.size(0), dy.size(1), data<T>(ds),
                        accumulator<T>(gain), accumulator<T>(bias));
  });
  return ds;
}

Block::Block(const BlockShape& shape, const ParameterTable& table, const std::string& prefix,
             int layer)
    : shape_(shape),
      layer_(layer),
      out_(table, prefix + "attention.output.dense"),
      up_(table, prefix + "intermediate.dense"),
      down_(table, prefix + "output.dense"),
      norm1_(norm_of(table, prefix + "attention.output.LayerNorm", shape.norm_eps)),
      norm2_(norm_of(table, prefix + "output.LayerNorm", shape.norm_eps)) {
  if (const std::string names = unsupported(shape); !names.empty())
    throw BadInput(Problem{"model", names + " not supported yet",
                           "this block computes encoders normed after each sum, as BERT", ""});
  const auto part = [&](const char* name, const char* what) -> const Parameter& {
    return table.at(prefix + "attention.self." + name + "." + what);
  };
  const Parameter &q = part("query", "weight"), &k = part("key", "weight"),
                  &v = part("value", "weight");
  qkv_.weight = {joined(q.weight, k.weight, v.weight),
                 q.trained() ? joined(q.gradient, k.gradient, v.gradient) : at::Tensor()};
  expects(qkv_.weight.weight.defined() && qkv_.weight.trained() == q.trained(), prefix,
          " query, key and value do not lie next to each other");
  qkv_bias_ = {part("query", "bias"), part("key", "bias"), part("value", "bias")};
}

// The three biases as one vector. They are copied: unless the hidden size is a multiple of the
// layout's atom there are gaps between them.
at::Tensor Block::qkv_bias() const {
  return at::cat({qkv_bias_[0].weight, qkv_bias_[1].weight, qkv_bias_[2].weight});
}

DropoutKey Block::key(const PackedBatch& batch, const BlockOptions& options, std::uint32_t op,
                      double probability) const {
  return {options.seed, batch.step, std::uint32_t(layer_ + 1), op, probability};
}

at::Tensor Block::attend(const at::Tensor& x, const PackedBatch& batch, const BlockOptions& options,
                         Saved& saved, MatrixUse& use) const {
  saved.x = x;
  saved.qkv = linear_forward({qkv_.weight, {qkv_bias(), {}}}, x, use);
  saved.context = at::empty({x.size(0), shape_.heads * shape_.head_size}, x.options());
  saved.log_sums =
      at::empty({x.size(0), shape_.heads}, at::dtype(accumulate_type(x.scalar_type())));
  const AttentionShape shape =
      attention_shape(shape_, batch, key(batch, options, kProbabilities, options.attn_dropout));
  dispatch(x.scalar_type(), [&]<class T>() {
    attention_forward(shape, data<T>(saved.qkv), data<T>(saved.context),
                      accumulator<T>(saved.log_sums));
  });
  return linear_forward(out_, saved.context, use);
}

at::Tensor Block::forward(const at::Tensor& x, const PackedBatch& batch,
                          const BlockOptions& options, Saved& saved, MatrixUse& use) const {
  const std::int64_t rows = x.size(0), hidden = shape_.hidden;
  const at::Tensor a = attend(x, batch, options, saved, use);
  dispatch(x.scalar_type(), [&]<class T>() {
    dropout(data<T>(a), batch.places.data(), rows, hidden,
            key(batch, options, kAttentionOutput, options.hidden_dropout));
  });
  saved.y = norm_forward(norm1_, a, x, saved.sum1, saved.stats1);
  saved.pre = linear_forward(up_, saved.y, use);
  saved.act = at::empty_like(saved.pre);
  dispatch(x.scalar_type(), [&]<class T>() {
    activation_forward(curve_of(shape_.activation), data<T>(saved.pre), saved.pre.numel(),
                       data<T>(saved.act));
  });
  const at::Tensor m = linear_forward(down_, saved.act, use);
  dispatch(x.scalar_type(), [&]<class T>() {
    dropout(data<T>(m), batch.places.data(), rows, hidden,
            key(batch, options, kMlpOutput, options.hidden_dropout));
  });
  return norm_forward(norm2_, m, saved.y, saved.sum2, saved.stats2);
}

at::Tensor Block::backward_input(const at::Tensor& dz, const PackedBatch& batch,
                                 const BlockOptions& options, Saved& saved,
                                 WeightWork& work) const {
  const std::int64_t rows = dz.size(0), hidden = shape_.hidden;
  // A branch's gradient: that of the sum, through its dropout, with the bias gradient of the linear
  // that made it.
  const auto branch = [&](const at::Tensor& ds, std::uint32_t op, const Parameter& bias) {
    const bool drops = options.hidden_dropout > 0;
    const at::Tensor da = drops ? ds.clone() : ds;
    dispatch(ds.scalar_type(), [&]<class T>() {
      dropout(data<T>(da), batch.places.data(), rows, hidden,
              key(batch, options, op, options.hidden_dropout));
      if (bias.trained()) add_column_sums(data<T>(da), rows, hidden, accumulator<T>(bias.gradient));
    });
    return da;
  };
  const at::Tensor ds2 = norm_backward(norm2_, dz, saved.sum2, saved.stats2);
  const at::Tensor dm = branch(ds2, kMlpOutput, down_.bias);
  at::Tensor dpre = linear_backward_input(down_, dm, work.use);
  work.items.push_back({&down_.weight, dm, saved.act});
  const at::Tensor up_bias = gradient_or_scratch(up_.bias);
  dispatch(dz.scalar_type(), [&]<class T>() {
    activation_backward(curve_of(shape_.activation), data<T>(saved.pre), data<T>(dpre), rows,
                        shape_.mlp_width, accumulator<T>(up_bias));
  });
  work.items.push_back({&up_.weight, dpre, saved.y});
  const at::Tensor dy = linear_backward_input(up_, dpre, work.use).add_(ds2);
  const at::Tensor ds1 = norm_backward(norm1_, dy, saved.sum1, saved.stats1);
  const at::Tensor da = branch(ds1, kAttentionOutput, out_.bias);
  const at::Tensor d_context = linear_backward_input(out_, da, work.use);
  work.items.push_back({&out_.weight, da, saved.context});
  const at::Tensor d_qkv = at::empty_like(saved.qkv);
  const AttentionShape shape =
      attention_shape(shape_, batch, key(batch, options, kProbabilities, options.attn_dropout));
  const at::Tensor bias_sums =
      at::zeros({d_qkv.size(1)}, at::dtype(accumulate_type(dz.scalar_type())));
  dispatch(dz.scalar_type(), [&]<class T>() {
    attention_backward(shape, data<T>(saved.qkv), data<T>(saved.context),
                       accumulator<T>(saved.log_sums), data<T>(d_context), data<T>(d_qkv));
    add_column_sums(data<T>(d_qkv), rows, d_qkv.size(1), accumulator<T>(bias_sums));
  });
  for (std::size_t i = 0; i < 3; ++i)
    if (qkv_bias_[i].trained())
      at::Tensor(qkv_bias_[i].gradient).add_(bias_sums.narrow(0, std::int64_t(i) * hidden, hidden));
  work.items.push_back({&qkv_.weight, d_qkv, saved.x});
  return linear_backward_input(qkv_, d_qkv, work.use).add_(ds1);
}

}  // namespace temper
