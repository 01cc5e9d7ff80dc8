#include "model/linear.hpp"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

#include "model/dispatch.hpp"

namespace temper {

namespace {

Metered metered(MatrixUse& use, std::int64_t rows, const at::Tensor& weight) {
  return {use, rows, weight.size(0), weight.size(1)};
}

}  // namespace

at::Tensor linear_forward(const Linear& layer, const at::Tensor& x, MatrixUse& use) {
  const Metered meter = metered(use, x.size(0), layer.weight.weight);
  const at::Tensor transposed = layer.weight.weight.t();
  return layer.bias.weight.defined() ? at::addmm(layer.bias.weight, x, transposed)
                                     : at::mm(x, transposed);
}

void linear_forward_into(const Linear& layer, const at::Tensor& x, at::Tensor y, MatrixUse& use) {
  const Metered meter = metered(use, x.size(0), layer.weight.weight);
  const at::Tensor transposed = layer.weight.weight.t();
  if (layer.bias.weight.defined())
    at::addmm_out(y, layer.bias.weight, x, transposed);
  else
    at::mm_out(y, x, transposed);
}

at::Tensor linear_backward_input(const Linear& layer, const at::Tensor& dy, MatrixUse& use) {
  const Metered meter = metered(use, dy.size(0), layer.weight.weight);
  return at::mm(dy, layer.weight.weight);
}

void linear_backward_weight(const Parameter& weight, const at::Tensor& dy, const at::Tensor& x,
                            MatrixUse& use) {
  if (!weight.trained()) return;
  if (weight.gradient.scalar_type() == dy.scalar_type()) {
    const Metered meter = metered(use, dy.size(0), weight.weight);
    at::Tensor gradient = weight.gradient;
    at::addmm_out(gradient, gradient, dy.t(), x);
    return;
  }
  const at::Tensor product = [&] {
    const Metered meter = metered(use, dy.size(0), weight.weight);
    return at::mm(dy.t(), x);
  }();
  dispatch(dy.scalar_type(), [&]<class T>() {
    add_converted(data<T>(product), product.numel(), accumulator<T>(weight.gradient));
  });
}

void linear_backward_bias(const Parameter& bias, const at::Tensor& dy) {
  if (!bias.trained()) return;
  dispatch(dy.scalar_type(), [&]<class T>() {
    add_column_sums(data<T>(dy), dy.size(0), dy.size(1), accumulator<T>(bias.gradient));
  });
}

void WeightWork::run() {
  for (const auto& item : items) item(use);
  items.clear();
}

}  // namespace temper
