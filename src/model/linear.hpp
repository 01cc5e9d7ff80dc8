// y = x W^T + b with the backward split into its input part and its weight part, so that schedules
// can place them.
//
// Shapes: x [tokens, in], W [out, in], b [out], y [tokens, out]. Gradients of weights are added in
// fp32 (fp64 for fp64).
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "model/parameters.hpp"

namespace temper {

struct Linear {
  Parameter weight, bias;  // bias: undefined where there is none
  Linear() = default;
  Linear(const ParameterTable& table, const std::string& role)
      : weight(table.at(role + ".weight")), bias(table.find(role + ".bias")) {}
  Linear(Parameter w, Parameter b) : weight(std::move(w)), bias(std::move(b)) {}
};

// What the matrix products of a micro-batch did: they are most of its work, so their share of the
// time and their rate say what is left to gain.
struct MatrixUse {
  double flops = 0, seconds = 0;
};

// Adds one product of [rows, inner] and [inner, columns] made between its birth and end.
class Metered {
 public:
  Metered(MatrixUse& use, std::int64_t rows, std::int64_t inner, std::int64_t columns)
      : use_(use), begin_(std::chrono::steady_clock::now()) {
    use_.flops += 2.0 * double(rows) * double(inner) * double(columns);
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

at::Tensor linear_forward(const Linear& layer, const at::Tensor& x, MatrixUse& use);
// The same into `y` [tokens, out].
void linear_forward_into(const Linear& layer, const at::Tensor& x, at::Tensor y, MatrixUse& use);
// dx = dy W
at::Tensor linear_backward_input(const Linear& layer, const at::Tensor& dy, MatrixUse& use);
// dW += dy^T x. The bias gradient is the caller's: it is fused with whatever made dy.
void linear_backward_weight(const Parameter& weight, const at::Tensor& dy, const at::Tensor& x,
                            MatrixUse& use);
// db += column sums of dy. Nothing where the bias is frozen or none.
void linear_backward_bias(const Parameter& bias, const at::Tensor& dy);

// The weight parts of a backward pass that still have to be done, and the use of all its products.
struct WeightWork {
  std::vector<std::function<void(MatrixUse&)>> items;
  MatrixUse& use;
  void add(std::function<void(MatrixUse&)> item) { items.push_back(std::move(item)); }
  void run();  // in the order in which they were added; empties the list
};

}  // namespace temper
