// Between kernel buffers and ATen's autograd in fp64, the reference of kernels with long
// derivatives.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "support/kernel_numbers.hpp"

namespace temper {

// A leaf in fp64 with the exact values of `values`.
template <class T>
at::Tensor leaf(const std::vector<T>& values, at::IntArrayRef sizes) {
  return at::tensor(exact(values)).view(sizes).clone().requires_grad_(true);
}

inline std::vector<double> numbers_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

template <class T>
double difference(const std::vector<T>& got, const at::Tensor& wanted) {
  return worst(exact(got), numbers_of(wanted));
}

}  // namespace temper
