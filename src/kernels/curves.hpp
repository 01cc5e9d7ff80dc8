// The curves of activations: value and slope at a point, for loops that vectorise.
//
//   with_curve(curve, [&](auto shape) { y = shape.value(x); dx = dy * shape.both(x).slope; });
//
// `both` costs one exponential.
#pragma once

#include "kernels/elementwise.hpp"
#include "kernels/number.hpp"

namespace temper {

template <class A>
struct CurvePoint {
  A value, slope;
};

template <class A>
inline A sigmoid(A x) {
  return A(1) / (A(1) + fast_exp(x < A(-80) ? A(80) : -x));
}

struct Gelu {
  template <class A>
  static A value(A x) {
    return x * normal_cdf(x);
  }
  template <class A>
  static CurvePoint<A> both(A x) {
    const A share = normal_cdf(x);
    return {x * share, share + x * normal_density(x)};
  }
};

// 0.5 x (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3)
struct GeluTanh {
  template <class A>
  static A gate(A x) {
    return sigmoid(A(1.5957691216057308) * (x + A(0.044715) * x * x * x));
  }
  template <class A>
  static A value(A x) {
    return x * gate(x);
  }
  template <class A>
  static CurvePoint<A> both(A x) {
    const A s = gate(x);
    return {x * s, s + x * s * (1 - s) * A(1.5957691216057308) * (1 + A(3 * 0.044715) * x * x)};
  }
};

struct Silu {
  template <class A>
  static A value(A x) {
    return x * sigmoid(x);
  }
  template <class A>
  static CurvePoint<A> both(A x) {
    const A s = sigmoid(x);
    return {x * s, s + x * s * (1 - s)};
  }
};

struct Relu {
  template <class A>
  static A value(A x) {
    return x > 0 ? x : A(0);
  }
  template <class A>
  static CurvePoint<A> both(A x) {
    return {x > 0 ? x : A(0), x > 0 ? A(1) : A(0)};
  }
};

struct Tanh {
  template <class A>
  static A value(A x) {
    return fast_tanh(x);
  }
  template <class A>
  static CurvePoint<A> both(A x) {
    const A t = fast_tanh(x);
    return {t, 1 - t * t};
  }
};

// One loop for each curve: the choice is made outside.
template <class Body>
void with_curve(Curve curve, Body&& body) {
  switch (curve) {
    case Curve::gelu:
      return body(Gelu{});
    case Curve::gelu_tanh:
      return body(GeluTanh{});
    case Curve::silu:
      return body(Silu{});
    case Curve::relu:
      return body(Relu{});
    case Curve::tanh:
      return body(Tanh{});
  }
}

}  // namespace temper
