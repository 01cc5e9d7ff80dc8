// LayerNorm of a sum against its definition, its gradient against finite differences, and the
// smaller types against fp64.
#include "kernels/layer_norm.hpp"

#include <gtest/gtest.h>

#include "support/kernel_numbers.hpp"

namespace temper {

namespace {

constexpr std::int64_t kRows = 9, kWidth = 70;
constexpr double kEps = 1e-5;

template <class T>
struct Case {
  std::vector<T> x = normal_numbers<T>(kRows * kWidth, 1, 3),
                 residual = normal_numbers<T>(kRows * kWidth, 2),
                 gain = normal_numbers<T>(kWidth, 3), bias = normal_numbers<T>(kWidth, 4),
                 dy = normal_numbers<T>(kRows * kWidth, 5), sum = x, y = x, ds = x;
  std::vector<Accumulate<T>> stats, dgain, dbias;
  Case() : stats(2 * kRows), dgain(kWidth, 0.25), dbias(kWidth, -0.5) {}

  void forward(bool with_residual) {
    layer_norm_forward(x.data(), with_residual ? residual.data() : nullptr, gain.data(),
                       bias.data(), kEps, kRows, kWidth, sum.data(), y.data(), stats.data());
  }
  void backward() {
    layer_norm_backward<T>(dy.data(), sum.data(), gain.data(), stats.data(), nullptr, kRows, kWidth,
                           ds.data(), dgain.data(), dbias.data());
  }
};

std::vector<double> plain(const std::vector<double>& s, const std::vector<double>& gain,
                          const std::vector<double>& bias) {
  std::vector<double> y;
  for (std::size_t r = 0; r < std::size_t(kRows); ++r) {
    const auto at = [&](std::size_t i) { return s[r * std::size_t(kWidth) + i]; };
    double mean = 0, variance = 0;
    for (std::size_t i = 0; i < std::size_t(kWidth); ++i) mean += at(i) / kWidth;
    for (std::size_t i = 0; i < std::size_t(kWidth); ++i)
      variance += (at(i) - mean) * (at(i) - mean) / kWidth;
    for (std::size_t i = 0; i < std::size_t(kWidth); ++i)
      y.push_back((at(i) - mean) / std::sqrt(variance + kEps) * gain[i] + bias[i]);
  }
  return y;
}

double weighted_output(Case<double>& c) {
  c.sum = c.x;
  c.forward(false);
  double total = 0;
  for (std::size_t i = 0; i < c.y.size(); ++i) total += c.y[i] * c.dy[i];
  return total;
}

}  // namespace

template <class T>
class LayerNorm : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(LayerNorm, Storage);

TEST(LayerNormByHand, one_two_three_four) {
  const std::vector<double> x{1, 2, 3, 4}, gain(4, 1.0), bias(4, 0.0);
  std::vector<double> sum(4), y(4), stats(2);
  layer_norm_forward<double>(x.data(), nullptr, gain.data(), bias.data(), 1e-5, 1, 4, sum.data(),
                             y.data(), stats.data());
  EXPECT_NEAR(y[0], -1.3416354199, 1e-10);
  EXPECT_NEAR(y[1], -0.4472118067, 1e-10);
  EXPECT_EQ(stats[0], 2.5);
}

TYPED_TEST(LayerNorm, forward_equals_the_definition_with_and_without_a_residual) {
  using T = TypeParam;
  for (const bool with_residual : {false, true}) {
    Case<T> c;
    c.forward(with_residual);
    std::vector<double> s = exact(c.x);
    for (std::size_t i = 0; i < s.size() && with_residual; ++i) {
      T rounded;
      store(&rounded, load(&c.x[i]) + load(&c.residual[i]));
      s[i] = double(load(&rounded));
    }
    EXPECT_EQ(exact(c.sum), s);
    EXPECT_LT(worst(exact(c.y), plain(s, exact(c.gain), exact(c.bias))), rounding<T>());
  }
}

TYPED_TEST(LayerNorm, the_sum_may_overwrite_its_first_term) {
  Case<TypeParam> apart, in_place;
  apart.forward(true);
  in_place.sum = in_place.x;
  layer_norm_forward(in_place.sum.data(), in_place.residual.data(), in_place.gain.data(),
                     in_place.bias.data(), kEps, kRows, kWidth, in_place.sum.data(),
                     in_place.y.data(), in_place.stats.data());
  EXPECT_EQ(exact(in_place.y), exact(apart.y));
  EXPECT_EQ(exact(in_place.sum), exact(apart.sum));
}

TEST(LayerNormGradient, equals_finite_differences_in_fp64) {
  Case<double> c;
  c.forward(false);
  c.backward();
  const double step = 1e-6;
  const auto slope = [&](double& element) {
    const double kept = element;
    element = kept + step;
    const double up = weighted_output(c);
    element = kept - step;
    const double down = weighted_output(c);
    element = kept;
    return (up - down) / (2 * step);
  };
  for (std::size_t i = 0; i < c.x.size(); i += 13) EXPECT_NEAR(slope(c.x[i]), c.ds[i], 1e-7) << i;
  for (std::size_t i = 0; i < c.gain.size(); i += 7) {
    EXPECT_NEAR(slope(c.gain[i]), c.dgain[i] - 0.25, 1e-7) << i;
    EXPECT_NEAR(slope(c.bias[i]), c.dbias[i] + 0.5, 1e-7) << i;
  }
}

TYPED_TEST(LayerNorm, backward_equals_fp64_on_the_same_numbers) {
  using T = TypeParam;
  Case<T> c;
  c.forward(true);
  c.backward();
  Case<double> wide;
  wide.x = exact(c.sum), wide.gain = exact(c.gain), wide.bias = exact(c.bias);
  wide.dy = exact(c.dy);
  wide.forward(false);
  wide.backward();
  EXPECT_LT(worst(exact(c.ds), wide.ds), rounding<T>());
  EXPECT_LT(worst(exact(c.dgain), wide.dgain), 2e-6);
  EXPECT_LT(worst(exact(c.dbias), wide.dbias), 2e-6);
}

}  // namespace temper
