// From ATen's dtypes to the storage types of the kernels, once.
//
//   dispatch(x.scalar_type(), [&]<class T>() { add_converted(data<T>(x), x.numel(),
//   accumulator<T>(y)); });
#pragma once

#include <ATen/core/Tensor.h>

#include "core/contract.hpp"
#include "kernels/elementwise.hpp"

namespace temper {

template <class Body>
void dispatch(at::ScalarType dtype, Body&& body) {
  switch (dtype) {
    case at::kDouble:
      return body.template operator()<double>();
    case at::kFloat:
      return body.template operator()<float>();
    case at::kBFloat16:
      return body.template operator()<Bf16>();
    default:
      expects(false, "no kernels for dtype ", c10::toString(dtype));
  }
}

// The elements of a contiguous tensor of storage type T.
template <class T>
T* data(const at::Tensor& tensor) {
  expects(!tensor.defined() || tensor.is_contiguous(), "kernels take contiguous tensors");
  return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}
// The accumulation buffer (gradients, statistics) that goes with T; null when undefined.
template <class T>
Accumulate<T>* accumulator(const at::Tensor& tensor) {
  return data<Accumulate<T>>(tensor);
}

inline at::ScalarType accumulate_type(at::ScalarType dtype) {
  return dtype == at::kDouble ? at::kDouble : at::kFloat;
}

}  // namespace temper
