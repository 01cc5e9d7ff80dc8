// From a model's activation to the kernels' curve.
#pragma once

#include "kernels/elementwise.hpp"
#include "plan/model_shape.hpp"

namespace temper {

inline Curve curve_of(Activation activation) {
  switch (activation) {
    case Activation::gelu_erf:
      return Curve::gelu;
    case Activation::gelu_tanh:
      return Curve::gelu_tanh;
    case Activation::silu:
      return Curve::silu;
    case Activation::relu:
      return Curve::relu;
    case Activation::tanh:
      return Curve::tanh;
  }
  return Curve::gelu;
}

}  // namespace temper
