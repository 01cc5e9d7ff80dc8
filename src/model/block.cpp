#include "model/block.hpp"

#include "model/dispatch.hpp"

namespace temper {

namespace {

std::string role_of(std::int64_t layer, const char* name) {
  return "block." + std::to_string(layer) + "." + name;
}

}  // namespace

Block::Block(const ModelShape& shape, const ParameterTable& table, std::int64_t layer,
             double lora_scale)
    : place_(shape.block.norm_place),
      parallel_(shape.block.parallel_residual),
      layer_(std::uint32_t(layer + 1)),
      attention_(shape, table, layer, lora_scale),
      mlp_(shape.block, table, layer, lora_scale) {
  const auto norm = [&](const char* name) {
    return Norm(table, role_of(layer, name), shape.block.norm, shape.block.norm_eps);
  };
  norm1_ = norm("norm1"), norm2_ = norm("norm2");
  norm1_post_ = norm("norm1_post"), norm2_post_ = norm("norm2_post");
  expects(norm2_.exists() && (norm1_.exists() || place_ == NormPlace::before) &&
              (place_ == NormPlace::sandwich) == norm2_post_.exists(),
          "norms of block ", layer, " are not those of its shape");
}

bool Block::trained() const {
  return attention_.trained() || mlp_.trained() || norm1_.trained() || norm2_.trained() ||
         norm1_post_.trained() || norm2_post_.trained();
}

void Block::drop(const at::Tensor& x, const Pass& pass, std::uint32_t op) const {
  dispatch(x.scalar_type(), [&]<class T>() {
    dropout(data<T>(x), pass.batch.places.data(), x.size(0), x.size(1),
            pass.key(layer_, op, pass.hidden_dropout));
  });
}

// A branch's gradient from that of the sum, which the residual still needs.
at::Tensor Block::dropped(const at::Tensor& gradient, const Pass& pass, std::uint32_t op) const {
  if (pass.hidden_dropout <= 0) return gradient;
  const at::Tensor branch = gradient.clone();
  drop(branch, pass, op);
  return branch;
}

Stream Block::forward(const Stream& in, const Pass& pass, Saved& saved, MatrixUse& use) const {
  return place_ == NormPlace::after ? forward_after(in.x, pass, saved, use)
                                    : forward_before(in, pass, saved, use);
}

Stream Block::forward_after(const at::Tensor& x, const Pass& pass, Saved& saved,
                            MatrixUse& use) const {
  saved.input = saved.y1 = x;
  const at::Tensor a = attention_.forward(x, pass, saved.attention, use);
  drop(a, pass, dropout_op::attention_output);
  saved.y2 = norm_forward(norm1_, a, x, saved.norm1);
  const at::Tensor m = mlp_.forward(saved.y2, pass, saved.mlp, use);
  drop(m, pass, dropout_op::mlp_output);
  return {norm_forward(norm2_, m, saved.y2, saved.norm2), {}};
}

Stream Block::forward_before(const Stream& in, const Pass& pass, Saved& saved,
                             MatrixUse& use) const {
  const bool sandwich = place_ == NormPlace::sandwich;
  if (norm1_.exists()) {
    saved.y1 = norm_forward(norm1_, in.x, in.residual, saved.norm1);
    saved.input = saved.norm1.sum;
  } else {
    saved.input = saved.y1 = in.residual.defined() ? in.x.add(in.residual) : in.x;
  }
  at::Tensor a = attention_.forward(saved.y1, pass, saved.attention, use);
  drop(a, pass, dropout_op::attention_output);
  if (parallel_) {
    saved.y2 = norm_forward(norm2_, saved.input, {}, saved.norm2);
    const at::Tensor m = mlp_.forward(saved.y2, pass, saved.mlp, use);
    drop(m, pass, dropout_op::mlp_output);
    return {a.add_(m), saved.input};
  }
  if (sandwich) a = norm_forward(norm1_post_, a, {}, saved.norm1_post);
  saved.y2 = norm_forward(norm2_, a, saved.input, saved.norm2);
  at::Tensor m = mlp_.forward(saved.y2, pass, saved.mlp, use);
  drop(m, pass, dropout_op::mlp_output);
  if (sandwich) m = norm_forward(norm2_post_, m, {}, saved.norm2_post);
  return {m, saved.norm2.sum};
}

void Block::keep_input(Saved& saved) {
  Saved kept;
  kept.input = saved.input;
  saved = std::move(kept);
}

void Block::keep_products(Saved& saved) const {
  if (place_ != NormPlace::after && norm1_.exists()) saved.y1.reset();
  saved.y2.reset();
  saved.mlp.act.reset();
}

void Block::compute_again(const Pass& pass, Saved& saved, MatrixUse& use) const {
  if (!saved.attention.qkv.defined()) {
    const Stream in{saved.input, {}};
    forward(in, pass, saved, use);
  }
  const bool after = place_ == NormPlace::after;
  if (!saved.y1.defined()) saved.y1 = norm_again(norm1_, saved.norm1);
  if (!saved.y2.defined())
    saved.y2 = norm_again(after ? norm1_ : norm2_, after ? saved.norm1 : saved.norm2);
}

at::Tensor Block::backward(const at::Tensor& dz, const Pass& pass, Saved& saved, WeightWork& work,
                           bool needs_input) const {
  compute_again(pass, saved, work.use);
  return place_ == NormPlace::after ? backward_after(dz, pass, saved, work, needs_input)
                                    : backward_before(dz, pass, saved, work, needs_input);
}

at::Tensor Block::backward_after(const at::Tensor& dz, const Pass& pass, Saved& saved,
                                 WeightWork& work, bool needs_input) const {
  const bool below = needs_input || attention_.trained() || norm1_.trained();
  const at::Tensor ds2 = norm_backward(norm2_, dz, saved.norm2, {});
  const at::Tensor dm = dropped(ds2, pass, dropout_op::mlp_output);
  const at::Tensor dy = mlp_.backward(dm, saved.y2, pass, saved.mlp, work, below);
  if (!below) return {};
  const at::Tensor ds1 = norm_backward(norm1_, dy.add_(ds2), saved.norm1, {});
  const at::Tensor da = dropped(ds1, pass, dropout_op::attention_output);
  const at::Tensor dx = attention_.backward(da, saved.y1, pass, saved.attention, work, needs_input);
  return needs_input ? dx.add_(ds1) : at::Tensor();
}

at::Tensor Block::backward_before(const at::Tensor& dz, const Pass& pass, Saved& saved,
                                  WeightWork& work, bool needs_input) const {
  const bool sandwich = place_ == NormPlace::sandwich;
  const bool to_attention = needs_input || norm1_.trained();
  const bool below =
      to_attention || attention_.trained() || norm1_post_.trained() || norm2_.trained();
  const at::Tensor d_mlp = sandwich ? norm_backward(norm2_post_, dz, saved.norm2_post, {}) : dz;
  const at::Tensor dm = dropped(d_mlp, pass, dropout_op::mlp_output);
  const at::Tensor dy2 = mlp_.backward(dm, saved.y2, pass, saved.mlp, work, below);
  if (!below) return {};
  const at::Tensor ds = norm_backward(norm2_, dy2, saved.norm2, dz);
  // Beside each other, attention's branch leaves from the end as the MLP's does.
  at::Tensor da = parallel_ ? dz : ds;
  if (sandwich) da = norm_backward(norm1_post_, ds, saved.norm1_post, {});
  const at::Tensor dy1 = attention_.backward(dropped(da, pass, dropout_op::attention_output),
                                             saved.y1, pass, saved.attention, work, to_attention);
  if (!to_attention) return {};
  return norm1_.exists() ? norm_backward(norm1_, dy1, saved.norm1, ds) : dy1.add_(ds);
}

}  // namespace temper
