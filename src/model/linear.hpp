// y = x W^T + b with the backward split into its input part and its weight part, so that schedules
// can place them.
//
// Shapes: x [tokens, in], W [out, in], b [out], y [tokens, out]. Gradients of weights are added in
// fp32 (fp64 for fp64).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/parameters.hpp"

namespace temper {

struct Linear {
  Parameter weight, bias;
  Linear() = default;
  Linear(const ParameterTable& table, const std::string& name)
      : weight(table.at(name + ".weight")), bias(table.at(name + ".bias")) {}
  Linear(Parameter w, Parameter b) : weight(std::move(w)), bias(std::move(b)) {}
};

// What the matrix products of a micro-batch did: they are most of its work, so their share of the
// time and their rate say what is left to gain.
struct MatrixUse {
  double flops = 0, seconds = 0;
};

at::Tensor linear_forward(const Linear& layer, const at::Tensor& x, MatrixUse& use);
// dx = dy W
at::Tensor linear_backward_input(const Linear& layer, const at::Tensor& dy, MatrixUse& use);
// dW += dy^T x. The bias gradient is the caller's: it is fused with whatever made dy.
void linear_backward_weight(const Parameter& weight, const at::Tensor& dy, const at::Tensor& x,
                            MatrixUse& use);

// The weight parts of a backward pass that still have to be done, and the use of all its products.
struct WeightWork {
  struct Item {
    const Parameter* weight;
    at::Tensor dy, x;
  };
  std::vector<Item> items;
  MatrixUse& use;
  void run();  // in the order in which they were added; empties the list
};

}  // namespace temper
