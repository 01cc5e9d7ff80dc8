// Gated activations against autograd in fp64, and by hand.
#include "kernels/gated.hpp"

#include <ATen/ops/gelu.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tanh.h>
#include <gtest/gtest.h>

#include "support/autograd_numbers.hpp"

namespace temper {

namespace {

constexpr std::int64_t kGatedRows = 5, kGatedWidth = 77;
constexpr Curve kCurves[] = {Curve::gelu, Curve::gelu_tanh, Curve::silu, Curve::relu, Curve::tanh};

at::Tensor curve_of(Curve curve, const at::Tensor& x) {
  switch (curve) {
    case Curve::gelu:
      return at::gelu(x);
    case Curve::gelu_tanh:
      return at::gelu(x, "tanh");
    case Curve::silu:
      return at::silu(x);
    case Curve::relu:
      return at::relu(x);
    case Curve::tanh:
      return at::tanh(x);
  }
  return x;
}

}  // namespace

template <class T>
class Gated : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(Gated, Storage);

TEST(GatedByHand, silu_of_one_times_two) {
  const std::vector<double> gate_up{1, 2}, dy{1};
  std::vector<double> y(1), d(2);
  gated_forward(Curve::silu, gate_up.data(), 1, 1, y.data());
  gated_backward(Curve::silu, gate_up.data(), dy.data(), 1, 1, d.data());
  EXPECT_NEAR(y[0], 1.462117, 1e-6);
  EXPECT_LT(worst(d, {1.855341, 0.731059}), 1e-6);
}

TYPED_TEST(Gated, equals_autograd_for_every_curve) {
  using T = TypeParam;
  const auto in = normal_numbers<T>(kGatedRows * 2 * kGatedWidth, 1, 3);
  const auto dy = normal_numbers<T>(kGatedRows * kGatedWidth, 2);
  for (const Curve curve : kCurves) {
    std::vector<T> y(dy.size()), d = in;
    gated_forward(curve, in.data(), kGatedRows, kGatedWidth, y.data());
    gated_backward(curve, d.data(), dy.data(), kGatedRows, kGatedWidth, d.data());  // in place
    const at::Tensor x = leaf(in, {kGatedRows, 2, kGatedWidth});
    const at::Tensor wanted = curve_of(curve, x.select(1, 0)) * x.select(1, 1);
    wanted.backward(leaf(dy, {kGatedRows, kGatedWidth}).detach());
    EXPECT_LT(difference(y, wanted), rounding<T>()) << int(curve);
    EXPECT_LT(difference(d, x.grad()), rounding<T>()) << int(curve);
  }
}

TYPED_TEST(Gated, far_from_zero_nothing_overflows) {
  using T = TypeParam;
  std::vector<T> in(8), y(4), d(8), dy(4);
  const double gates[] = {-1e4, -100, 100, 1e4};
  for (int i = 0; i < 4; ++i) {
    store(&in[std::size_t(i)], Accumulate<T>(gates[i]));
    store(&in[std::size_t(4 + i)], Accumulate<T>(1));
    store(&dy[std::size_t(i)], Accumulate<T>(1));
  }
  for (const Curve curve : kCurves) {
    gated_forward(curve, in.data(), 1, 4, y.data());
    gated_backward(curve, in.data(), dy.data(), 1, 4, d.data());
    const at::Tensor x = leaf(in, {2, 4});
    const at::Tensor wanted = curve_of(curve, x.select(0, 0)) * x.select(0, 1);
    wanted.sum().backward();
    EXPECT_LT(difference(y, wanted), rounding<T>()) << int(curve);
    EXPECT_LT(difference(d, x.grad()), rounding<T>()) << int(curve);
  }
}

TEST(FastTanh, is_exact_to_a_few_units_everywhere) {
  for (double x = -45; x < 45; x += 0.0137) {
    const double wanted = std::tanh(double(float(x)));
    EXPECT_NEAR(double(fast_tanh(float(x))), wanted, 4e-7 * std::fabs(wanted)) << x;
  }
  EXPECT_EQ(fast_tanh(0.0f), 0.0f);
  EXPECT_EQ(fast_tanh(1e30f), 1.0f);
  EXPECT_EQ(fast_tanh(-1e30f), -1.0f);
}

}  // namespace temper
