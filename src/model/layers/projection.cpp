#include "model/layers/projection.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "model/dispatch.hpp"
#include "model/layers/neighbours.hpp"

namespace temper {

Projection::Projection(const ParameterTable& table, const std::vector<std::string>& roles,
                       double lora_scale) {
  std::vector<at::Tensor> weights, gradients;
  std::vector<std::int64_t> rows;
  for (const std::string& role : roles) {
    const Parameter& weight = table.at(role + ".weight");
    weights.push_back(weight.weight);
    if (weight.trained()) gradients.push_back(weight.gradient);
    rows.push_back(weight.weight.size(0));
    biases_.push_back(table.find(role + ".bias"));
  }
  weight_.weight = as_one(weights);
  if (!gradients.empty()) weight_.gradient = as_one(gradients);
  expects(weight_.weight.defined() && (gradients.empty() || gradients.size() == weights.size()) &&
              weight_.trained() == !gradients.empty(),
          roles.front(), " and what one product computes with it do not lie next to each other");
  adapters_ = Adapters(table, roles, rows, lora_scale);
}

bool Projection::trained() const {
  return weight_.trained() || adapters_.trained() ||
         std::any_of(biases_.begin(), biases_.end(), [](const auto& b) { return b.trained(); });
}

// Copied unless the layout put them next to each other: between short vectors there are gaps.
at::Tensor Projection::joined_bias() const {
  if (!biases_.front().weight.defined()) return {};
  std::vector<at::Tensor> parts;
  for (const Parameter& bias : biases_) parts.push_back(bias.weight);
  const at::Tensor joined = as_one(parts);
  return joined.defined() ? joined : at::cat(parts);
}

at::Tensor Projection::forward(const at::Tensor& x, const Pass& pass, Saved& saved,
                               MatrixUse& use) const {
  const at::Tensor y = linear_forward({weight_, {joined_bias(), {}}}, x, use);
  adapters_.add_forward(x, pass, y, saved, use);
  return y;
}

void Projection::backward_bias(const at::Tensor& dy) const {
  if (biases_.size() == 1) return linear_backward_bias(biases_.front(), dy);
  if (!std::any_of(biases_.begin(), biases_.end(), [](const auto& b) { return b.trained(); }))
    return;
  const at::Tensor sums = at::zeros({dy.size(1)}, at::dtype(accumulate_type(dy.scalar_type())));
  linear_backward_bias({{}, sums}, dy);
  std::int64_t first = 0;
  for (const Parameter& bias : biases_) {
    const std::int64_t rows = bias.weight.size(0);
    if (bias.trained()) at::Tensor(bias.gradient).add_(sums.narrow(0, first, rows));
    first += rows;
  }
}

at::Tensor Projection::backward(const at::Tensor& dy, const at::Tensor& x, const Pass& pass,
                                const Saved& saved, WeightWork& work, Wants wants) const {
  if (wants.bias) backward_bias(dy);
  at::Tensor dx;
  if (wants.input) dx = linear_backward_input({weight_, {}}, dy, work.use);
  if (weight_.trained())
    work.add([this, dy, x](MatrixUse& use) { linear_backward_weight(weight_, dy, x, use); });
  adapters_.backward(dy, x, pass, saved, dx, work);
  return dx;
}

}  // namespace temper
