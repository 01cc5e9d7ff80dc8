#include "model/linear.hpp"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

#include <chrono>

#include "model/dispatch.hpp"

namespace temper {

namespace {

// Adds the product of [rows, inner] and [inner, columns] matrices made between its birth and end.
class Metered {
 public:
  Metered(MatrixUse& use, std::int64_t rows, const at::Tensor& weight)
      : use_(use), begin_(std::chrono::steady_clock::now()) {
    use_.flops += 2.0 * double(rows) * double(weight.numel());
  }
  ~Metered() {
    use_.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }
  Metered(const Metered&) = delete;
  Metered& operator=(const Metered&) = delete;

 private:
  MatrixUse& use_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace

at::Tensor linear_forward(const Linear& layer, const at::Tensor& x, MatrixUse& use) {
  const Metered metered(use, x.size(0), layer.weight.weight);
  return at::addmm(layer.bias.weight, x, layer.weight.weight.t());
}

at::Tensor linear_backward_input(const Linear& layer, const at::Tensor& dy, MatrixUse& use) {
  const Metered metered(use, dy.size(0), layer.weight.weight);
  return at::mm(dy, layer.weight.weight);
}

void linear_backward_weight(const Parameter& weight, const at::Tensor& dy, const at::Tensor& x,
                            MatrixUse& use) {
  if (!weight.trained()) return;
  const auto product_into = [&](at::Tensor gradient) {
    const Metered metered(use, dy.size(0), weight.weight);
    at::addmm_out(gradient, gradient, dy.t(), x);
  };
  if (weight.gradient.scalar_type() == dy.scalar_type()) return product_into(weight.gradient);
  const at::Tensor product = [&] {
    const Metered metered(use, dy.size(0), weight.weight);
    return at::mm(dy.t(), x);
  }();
  dispatch(dy.scalar_type(), [&]<class T>() {
    add_converted(data<T>(product), product.numel(), accumulator<T>(weight.gradient));
  });
}

void WeightWork::run() {
  for (const Item& item : items) linear_backward_weight(*item.weight, item.dy, item.x, use);
  items.clear();
}

}  // namespace temper
