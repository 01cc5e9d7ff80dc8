#include "model/linear.hpp"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

#include "model/dispatch.hpp"

namespace temper {

at::Tensor linear_forward(const Linear& layer, const at::Tensor& x) {
  return at::addmm(layer.bias.weight, x, layer.weight.weight.t());
}

at::Tensor linear_backward_input(const Linear& layer, const at::Tensor& dy) {
  return at::mm(dy, layer.weight.weight);
}

void linear_backward_weight(const Parameter& weight, const at::Tensor& dy, const at::Tensor& x) {
  if (!weight.trained()) return;
  if (weight.gradient.scalar_type() == dy.scalar_type()) {
    at::Tensor gradient = weight.gradient;
    at::addmm_out(gradient, gradient, dy.t(), x);
    return;
  }
  const at::Tensor product = at::mm(dy.t(), x);
  dispatch(dy.scalar_type(), [&]<class T>() {
    add_converted(data<T>(product), product.numel(), accumulator<T>(weight.gradient));
  });
}

void WeightWork::run() {
  for (const Item& item : items) linear_backward_weight(*item.weight, item.dy, item.x);
  items.clear();
}

}  // namespace temper
