// RMSNorm of a sum against its definition under autograd in fp64, and by hand.
#include "kernels/rms_norm.hpp"

#include <ATen/ops/rsqrt.h>
#include <gtest/gtest.h>

#include "support/autograd_numbers.hpp"

namespace temper {

namespace {

constexpr std::int64_t kRows = 9, kWidth = 70;
constexpr double kEps = 1e-6;

at::Tensor definition(const at::Tensor& s, const at::Tensor& gain, bool plus_one) {
  const at::Tensor normal = s * at::rsqrt((s * s).mean(-1, true) + kEps);
  return normal * (plus_one ? 1 + gain : gain);
}

template <class T>
struct Case {
  std::vector<T> x = normal_numbers<T>(kRows * kWidth, 1, 3),
                 residual = normal_numbers<T>(kRows * kWidth, 2),
                 gain = normal_numbers<T>(kWidth, 3), dy = normal_numbers<T>(kRows * kWidth, 4),
                 add = normal_numbers<T>(kRows * kWidth, 5), sum = x, y = x, ds = x;
  std::vector<Accumulate<T>> stats, dgain;
  Case() : stats(kRows), dgain(kWidth, Accumulate<T>(0.25)) {}

  void forward(bool plus_one) {
    rms_norm_forward(x.data(), residual.data(), gain.data(), plus_one, kEps, kRows, kWidth,
                     sum.data(), y.data(), stats.data());
  }
  void backward(bool plus_one, const T* more, Accumulate<T>* gain_gradient) {
    rms_norm_backward(dy.data(), sum.data(), gain.data(), plus_one, stats.data(), more, kRows,
                      kWidth, ds.data(), gain_gradient);
  }
};

}  // namespace

template <class T>
class RmsNorm : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(RmsNorm, Storage);

TEST(RmsNormByHand, one_two_three_four) {
  const std::vector<double> x{1, 2, 3, 4}, one(4, 1.0), half(4, 0.5);
  std::vector<double> sum(4), y(4), stats(1);
  rms_norm_forward<double>(x.data(), nullptr, one.data(), false, 1e-6, 1, 4, sum.data(), y.data(),
                           stats.data());
  EXPECT_EQ(sum, x);
  EXPECT_LT(worst(y, {.3651483473, .7302966947, 1.0954450420, 1.4605933893}), 1e-10);
  rms_norm_forward<double>(x.data(), nullptr, half.data(), true, 1e-6, 1, 4, sum.data(), y.data(),
                           stats.data());
  EXPECT_NEAR(y[0], 1.5 * .3651483473, 1e-10);
}

TEST(RmsNormByHand, gradient_of_three_and_four) {
  const std::vector<double> x{3, 4}, one(2, 1.0), dy{1, 0};
  std::vector<double> sum(2), y(2), stats(1), ds(2);
  rms_norm_forward<double>(x.data(), nullptr, one.data(), false, 0, 1, 2, sum.data(), y.data(),
                           stats.data());
  EXPECT_LT(worst(y, {0.848528, 1.131371}), 1e-6);
  rms_norm_backward<double>(dy.data(), sum.data(), one.data(), false, stats.data(), nullptr, 1, 2,
                            ds.data(), nullptr);
  EXPECT_LT(worst(ds, {0.181019, -0.135765}), 1e-5);
}

TEST(RmsNormByHand, bf16_rounds_before_the_gain_but_not_before_one_plus_the_gain) {
  // rows of one element: x / |x| = 1 up to eps; with eps = 3 x^2 it is 1 / 2, exactly.
  const auto normed = [](float x, float gain, bool plus_one) {
    Bf16 in[2], g[2], sum[2], y[2];
    float stats;
    store(&in[0], x), store(&in[1], 1.0f), store(&g[0], gain), store(&g[1], gain);
    rms_norm_forward<Bf16>(in, nullptr, g, plus_one, 0, 1, 2, sum, y, &stats);
    return load(&y[0]);
  };
  // x = 1.5: 1.5 / sqrt(1.625) = 1.1766968; to bf16 1.1796875; times 1.2421875 1.4654, to 1.46875.
  EXPECT_EQ(normed(1.5f, 1.2421875f, false), 1.46875f);
  // 1.1766968 * (1 + 0.2421875) = 1.46168, to 1.4609375.
  EXPECT_EQ(normed(1.5f, 0.2421875f, true), 1.4609375f);
}

TYPED_TEST(RmsNorm, equals_autograd_of_the_definition) {
  using T = TypeParam;
  for (const bool plus_one : {false, true}) {
    Case<T> c;
    c.forward(plus_one);
    c.backward(plus_one, nullptr, c.dgain.data());
    const at::Tensor s = leaf(c.sum, {kRows, kWidth}), gain = leaf(c.gain, {kWidth});
    const at::Tensor y = definition(s, gain, plus_one);
    y.backward(leaf(c.dy, {kRows, kWidth}).detach());
    EXPECT_LT(difference(c.y, y), 1.5 * rounding<T>());
    EXPECT_LT(difference(c.ds, s.grad()), rounding<T>());
    EXPECT_LT(difference(c.dgain, gain.grad() + 0.25), (std::is_same_v<T, double> ? 1e-13 : 2e-6));
  }
}

TYPED_TEST(RmsNorm, the_sum_is_rounded_once_and_may_overwrite_its_first_term) {
  Case<TypeParam> apart, in_place;
  apart.forward(false);
  for (std::size_t i = 0; i < apart.sum.size(); ++i) {
    TypeParam wanted;
    store(&wanted, load(&apart.x[i]) + load(&apart.residual[i]));
    ASSERT_EQ(load(&apart.sum[i]), load(&wanted));
  }
  in_place.sum = in_place.x;
  rms_norm_forward(in_place.sum.data(), in_place.residual.data(), in_place.gain.data(), false, kEps,
                   kRows, kWidth, in_place.sum.data(), in_place.y.data(), in_place.stats.data());
  EXPECT_EQ(exact(in_place.y), exact(apart.y));
  EXPECT_EQ(exact(in_place.sum), exact(apart.sum));
}

TYPED_TEST(RmsNorm, backward_adds_another_gradient_also_in_place) {
  using T = TypeParam;
  Case<T> c;
  c.forward(false);
  c.backward(false, nullptr, nullptr);
  std::vector<double> wanted = exact(c.ds);
  const std::vector<double> add = exact(c.add);
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += add[i];
  c.backward(false, c.add.data(), nullptr);
  EXPECT_LT(worst(exact(c.ds), wanted), 2 * rounding<T>());
  const std::vector<double> apart = exact(c.ds);
  c.ds = c.add;
  c.backward(false, c.ds.data(), nullptr);
  EXPECT_EQ(exact(c.ds), apart);
}

}  // namespace temper
