#include "model/head.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "model/dispatch.hpp"
#include "model/layers/curve.hpp"
#include "model/layers/pass.hpp"
#include "model/pooling.hpp"

namespace temper {

namespace {

// Heads of few rows compute in the accumulation type, whatever the weights are stored in.
Parameter in_type(const Parameter& parameter, at::ScalarType dtype) {
  return {parameter.weight.defined() ? parameter.weight.to(dtype) : at::Tensor(),
          parameter.gradient};
}
Linear in_type(const Linear& linear, at::ScalarType dtype) {
  return {in_type(linear.weight, dtype), in_type(linear.bias, dtype)};
}
Norm in_type(Norm norm, at::ScalarType dtype) {
  norm.weight = in_type(norm.weight, dtype), norm.bias = in_type(norm.bias, dtype);
  return norm;
}

bool trained(const Linear& linear) { return linear.weight.trained() || linear.bias.trained(); }

bool lies_below(const std::string& role) {
  return role.starts_with("embed.") || role.starts_with("block.") ||
         role.starts_with("final_norm.");
}

Linear optional_linear(const ParameterTable& table, const std::string& role) {
  return table.has(role + ".weight") ? Linear(table, role) : Linear();
}

}  // namespace

Head::Head(const ModelShape& shape, const ParameterTable& table)
    : shape_(shape),
      pooler_(optional_linear(table, "pooler")),
      dense_(optional_linear(table, "head.dense")),
      out_(shape.head.tied ? table.at("embed.words.weight") : table.at("head.out.weight"),
           table.find("head.out.bias")),
      norm_(table, "head.norm", shape.block.norm, shape.block.norm_eps) {
  expects(dense_.weight.weight.defined() == shape.head.dense && norm_.exists() == shape.head.norm &&
              out_.bias.weight.defined() == shape.head.bias,
          "parameters of the head are not those of its shape");
  for (const auto& [role, parameter] : table)
    trains_below_ |= lies_below(role) && parameter.trained();
  trains_pooler_ = trained(pooler_);
  trains_transform_ = trained(dense_) || norm_.trained();
}

// Dropout of whole rows' places: a document's is that of its first token.
at::Tensor Head::dropped(const at::Tensor& rows, const PackedBatch& batch, std::uint64_t seed,
                         std::uint32_t op) const {
  std::vector<TokenPlace> places = batch.places;
  if (shape_.head.kind == HeadKind::sequence) {
    places.clear();
    for (std::int64_t n = 0; n < batch.size(); ++n)
      places.push_back(batch.places[std::size_t(batch.offsets[std::size_t(n)])]);
  }
  const at::Tensor out = rows.clone();
  dispatch(out.scalar_type(), [&]<class T>() {
    dropout(data<T>(out), places.data(), out.size(0), out.size(1),
            {seed, batch.step, 0, op, shape_.head_dropout});
  });
  return out;
}

at::Tensor Head::transform(const at::Tensor& rows, Transformed& saved, MatrixUse& use) const {
  const at::ScalarType dtype = rows.scalar_type();
  at::Tensor x = saved.rows = rows;
  if (shape_.head.dense) {
    saved.pre = linear_forward(in_type(dense_, dtype), x, use);
    x = saved.act = at::empty_like(saved.pre);
    dispatch(dtype, [&]<class T>() {
      activation_forward(curve_of(shape_.head.activation), data<T>(saved.pre), saved.pre.numel(),
                         data<T>(saved.act));
    });
  }
  return shape_.head.norm ? norm_forward(in_type(norm_, dtype), x, {}, saved.norm) : x;
}

// Undefined where nothing before it is trained.
at::Tensor Head::backward_transform(at::Tensor d, const Transformed& saved, MatrixUse& use) const {
  const at::ScalarType dtype = d.scalar_type();
  if (shape_.head.norm) d = norm_backward(in_type(norm_, dtype), d, saved.norm, {});
  if (!shape_.head.dense) return d;
  const at::Tensor sums = dense_.bias.trained()
                              ? dense_.bias.gradient
                              : at::zeros({d.size(1)}, at::dtype(accumulate_type(dtype)));
  dispatch(dtype, [&]<class T>() {
    activation_backward(curve_of(shape_.head.activation), data<T>(saved.pre), data<T>(d), d.size(0),
                        d.size(1), accumulator<T>(sums));
  });
  linear_backward_weight(dense_.weight, d, saved.rows, use);
  if (!trains_below_ && !trains_pooler_) return {};
  return linear_backward_input(in_type(dense_, dtype), d, use);
}

at::Tensor Head::pool(const at::Tensor& hidden, const PackedBatch& batch, Saved& saved,
                      MatrixUse& use) const {
  const at::Tensor rows = pool_documents(shape_.pooling, hidden, batch);
  if (!shape_.has_pooler) return rows;
  saved.pooled_input = rows;
  return saved.pooled = linear_forward(in_type(pooler_, rows.scalar_type()), rows, use).tanh_();
}

at::Tensor Head::backward_pool(at::Tensor d, const PackedBatch& batch, const Saved& saved,
                               MatrixUse& use) const {
  if (shape_.has_pooler) {
    d = d.mul(saved.pooled.square().neg_().add_(1));
    linear_backward_weight(pooler_.weight, d, saved.pooled_input, use);
    linear_backward_bias(pooler_.bias, d);
    if (!trains_below_) return {};
    d = linear_backward_input(in_type(pooler_, d.scalar_type()), d, use);
  }
  return trains_below_ ? pool_documents_backward(shape_.pooling, d, saved.hidden, batch)
                       : at::Tensor();
}

at::Tensor Head::forward(const at::Tensor& hidden, const PackedBatch& batch, std::uint64_t seed,
                         bool training, Saved& saved, MatrixUse& use) const {
  expects(shape_.head.kind != HeadKind::language, "a language head has no logits of documents");
  const at::ScalarType dtype = accumulate_type(hidden.scalar_type());
  const bool drops = training && shape_.head_dropout > 0;
  saved.hidden = hidden;
  at::Tensor x =
      shape_.head.kind == HeadKind::sequence ? pool(hidden, batch, saved, use) : hidden.to(dtype);
  if (drops && shape_.head.dense && shape_.head.dense_dropout)
    x = dropped(x, batch, seed, dropout_op::head_dense);
  x = transform(x, saved.transformed, use);
  if (drops && shape_.head.dropout) x = dropped(x, batch, seed, dropout_op::head);
  saved.input = x;
  return linear_forward(in_type(out_, dtype), x, use);
}

at::Tensor Head::backward(const at::Tensor& d_logits, const PackedBatch& batch, std::uint64_t seed,
                          Saved& saved, MatrixUse& use) const {
  linear_backward_weight(out_.weight, d_logits, saved.input, use);
  linear_backward_bias(out_.bias, d_logits);
  if (!trains_below_ && !trains_transform_ && !trains_pooler_) return {};
  const bool drops = shape_.head_dropout > 0;
  at::Tensor d = linear_backward_input(in_type(out_, d_logits.scalar_type()), d_logits, use);
  if (drops && shape_.head.dropout) d = dropped(d, batch, seed, dropout_op::head);
  d = backward_transform(d, saved.transformed, use);
  if (!trains_below_ && !trains_pooler_) return {};
  if (drops && shape_.head.dense && shape_.head.dense_dropout)
    d = dropped(d, batch, seed, dropout_op::head_dense);
  if (shape_.head.kind == HeadKind::sequence) return backward_pool(d, batch, saved, use);
  return d.to(saved.hidden.scalar_type());
}

void Head::backward_chunk(const at::Tensor& logits, const at::Tensor& input,
                          const Transformed& transformed, const at::Tensor& index,
                          const at::Tensor& d_hidden, MatrixUse& use) const {
  linear_backward_weight(out_.weight, logits, input, use);
  linear_backward_bias(out_.bias, logits);
  if (!trains_below_ && !trains_transform_) return;
  const at::Tensor d =
      backward_transform(linear_backward_input(out_, logits, use), transformed, use);
  if (d_hidden.defined()) at::Tensor(d_hidden).index_copy_(0, index, d);
}

LanguageLoss Head::language_loss(const at::Tensor& hidden, const PackedBatch& batch,
                                 const LanguageLossOptions& options, bool gradient,
                                 MatrixUse& use) const {
  const std::int64_t classes = out_.weight.weight.size(0);
  std::vector<std::int64_t> rows;
  std::vector<std::int32_t> targets;
  for (std::size_t t = 0; t < batch.targets.size(); ++t) {
    if (batch.targets[t] < 0) continue;
    expects(batch.targets[t] < classes, "target ", batch.targets[t], " of ", classes, " tokens");
    rows.push_back(std::int64_t(t)), targets.push_back(batch.targets[t]);
  }
  TokenLossOptions loss = options.loss;
  loss.softcap = shape_.head.softcap;
  LanguageLoss result;
  result.tokens.resize(rows.size());
  if (gradient && trains_below_) result.d_hidden = at::zeros(hidden.sizes(), hidden.options());
  const auto count = std::int64_t(rows.size());
  const at::Tensor buffer =
      at::empty({std::min(count, options.chunk_tokens), classes}, hidden.options());
  for (std::int64_t begin = 0; begin < count; begin += options.chunk_tokens) {
    const std::int64_t size = std::min(options.chunk_tokens, count - begin);
    const at::Tensor index =
        at::tensor(at::ArrayRef<std::int64_t>(rows.data() + begin, std::size_t(size)));
    Transformed transformed;
    const at::Tensor input = transform(hidden.index_select(0, index), transformed, use);
    const at::Tensor logits = buffer.narrow(0, 0, size);
    linear_forward_into(out_, input, logits, use);
    dispatch(logits.scalar_type(), [&]<class T>() {
      token_loss(data<T>(logits), targets.data() + begin, size, classes, loss, gradient,
                 result.tokens.data() + begin);
    });
    if (gradient) backward_chunk(logits, input, transformed, index, result.d_hidden, use);
  }
  for (const TokenLoss& token : result.tokens) result.sum += token.loss;
  return result;
}

at::Tensor Head::language_logits(const at::Tensor& rows, MatrixUse& use) const {
  Transformed transformed;
  const at::Tensor logits = linear_forward(out_, transform(rows, transformed, use), use)
                                .to(accumulate_type(rows.scalar_type()));
  const double cap = shape_.head.softcap;
  return cap > 0 ? logits.div(cap).tanh_().mul_(cap) : logits;
}

}  // namespace temper
