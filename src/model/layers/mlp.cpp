#include "model/layers/mlp.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "kernels/gated.hpp"
#include "model/dispatch.hpp"
#include "model/layers/curve.hpp"

namespace temper {

namespace {

std::vector<std::string> first_linears_of(const BlockShape& shape, const std::string& prefix) {
  if (shape.gate_up_fused) return {prefix + "gate_up"};
  if (shape.gated_mlp) return {prefix + "gate", prefix + "up"};
  return {prefix + "up"};
}

}  // namespace

Mlp::Mlp(const BlockShape& shape, const ParameterTable& table, std::int64_t layer,
         double lora_scale)
    : shape_(shape) {
  const std::string prefix = "block." + std::to_string(layer) + ".mlp.";
  up_ = Projection(table, first_linears_of(shape, prefix), lora_scale);
  down_ = Projection(table, {prefix + "down"}, lora_scale);
}

at::Tensor Mlp::activate(const at::Tensor& pre) const {
  const at::Tensor act = at::empty({pre.size(0), shape_.mlp_width}, pre.options());
  dispatch(pre.scalar_type(), [&]<class T>() {
    if (shape_.gated_mlp)
      gated_forward(curve_of(shape_.activation), data<T>(pre), pre.size(0), shape_.mlp_width,
                    data<T>(act));
    else
      activation_forward(curve_of(shape_.activation), data<T>(pre), pre.numel(), data<T>(act));
  });
  return act;
}

at::Tensor Mlp::forward(const at::Tensor& x, const Pass& pass, Saved& saved, MatrixUse& use) const {
  saved.pre = up_.forward(x, pass, saved.low_up, use);
  saved.act = activate(saved.pre);
  return down_.forward(saved.act, pass, saved.low_down, use);
}

// Written over what it reads: over d_act, or gate and up where gated.
at::Tensor Mlp::backward_activation(const at::Tensor& d_act, const at::Tensor& pre) const {
  const Curve curve = curve_of(shape_.activation);
  const std::int64_t rows = pre.size(0), width = shape_.mlp_width;
  const at::ScalarType accumulate = accumulate_type(pre.scalar_type());
  // The sums are part of the pass; without a trained bias they go nowhere.
  const at::Tensor sums = shape_.gated_mlp       ? at::Tensor()
                          : up_.bias().trained() ? up_.bias().gradient
                                                 : at::zeros({width}, at::dtype(accumulate));
  dispatch(pre.scalar_type(), [&]<class T>() {
    if (shape_.gated_mlp)
      gated_backward(curve, data<T>(pre), data<T>(d_act), rows, width, data<T>(pre));
    else
      activation_backward(curve, data<T>(pre), data<T>(d_act), rows, width, accumulator<T>(sums));
  });
  return shape_.gated_mlp ? pre : d_act;
}

at::Tensor Mlp::backward(const at::Tensor& dy, const at::Tensor& x, const Pass& pass, Saved& saved,
                         WeightWork& work, bool needs_input) const {
  if (!saved.act.defined()) saved.act = activate(saved.pre);
  const bool below = needs_input || up_.trained();
  const at::Tensor d_act =
      down_.backward(dy, saved.act, pass, saved.low_down, work, {.input = below});
  if (!below) return {};
  const at::Tensor d_pre = backward_activation(d_act, saved.pre);
  return up_.backward(d_pre, x, pass, saved.low_up, work,
                      {.input = needs_input, .bias = shape_.gated_mlp});
}

}  // namespace temper
