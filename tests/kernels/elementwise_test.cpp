// GELU and sums against their definitions in fp64; dropout by its statistics and its keys.
#include "kernels/elementwise.hpp"

#include <gtest/gtest.h>

#include "support/kernel_numbers.hpp"

namespace temper {

namespace {

double gelu(double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double gelu_slope(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0)) +
         x * std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846);
}

const DropoutKey kKey{.seed = 42, .step = 3, .layer = 2, .op = 1, .probability = 0.25};

std::vector<float> scales_of(const DropoutKey& key, TokenPlace place, std::int64_t width) {
  std::vector<float> scales(static_cast<std::size_t>(width), -1.0f);
  dropout_scales(key, place, width, scales.data());
  return scales;
}

}  // namespace

template <class T>
class Elementwise : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(Elementwise, Storage);

TEST(Gelu, has_the_published_values) {
  const std::vector<double> x{-3, -1, 0.5, 3},
      wanted{-0.004049694, -0.158655254, 0.345731231, 2.995950306};
  std::vector<double> y(4);
  activation_forward(Curve::gelu, x.data(), 4, y.data());
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(y[i], wanted[i], 1e-9);
}

TYPED_TEST(Elementwise, gelu_equals_its_definition_over_the_whole_range) {
  using T = TypeParam;
  std::vector<T> x;
  for (double v = -30; v <= 30; v += 0.0103) store(&x.emplace_back(), Accumulate<T>(v));
  for (const double v : {0.0, -0.0, 1e-30, -1e-30, 1e4, -1e4})
    store(&x.emplace_back(), Accumulate<T>(v));
  std::vector<T> y(x.size());
  activation_forward(Curve::gelu, x.data(), std::int64_t(x.size()), y.data());
  const auto in = exact(x), out = exact(y);
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(out[i], gelu(in[i]), rounding<T>() * std::max(0.5, std::fabs(gelu(in[i]))))
        << in[i];
}

TYPED_TEST(Elementwise, gelu_backward_equals_its_derivative_and_adds_the_bias_gradient) {
  using T = TypeParam;
  const std::int64_t rows = 37, width = 83;
  const auto x = normal_numbers<T>(rows * width, 1, 2);
  const auto dy = normal_numbers<T>(rows * width, 2);
  auto dx = dy;
  std::vector<Accumulate<T>> bias(std::size_t(width), 0.5);
  activation_backward(Curve::gelu, x.data(), dx.data(), rows, width, bias.data());
  const auto in = exact(x), go = exact(dy), out = exact(dx);
  std::vector<double> sums(std::size_t(width), 0.5), wanted;
  for (std::size_t i = 0; i < in.size(); ++i) {
    wanted.push_back(go[i] * gelu_slope(in[i]));
    sums[i % std::size_t(width)] += wanted.back();
  }
  EXPECT_LT(worst(out, wanted), rounding<T>());
  EXPECT_LT(worst(exact(bias), sums),
            std::max(rounding<T>() / 100, 2e-6) * (std::is_same_v<T, double> ? 1e-6 : 1));
}

TEST(Curves, have_the_published_values) {
  const std::vector<double> x{-3, -1, 0.5, 3};
  std::vector<double> y(4);
  const auto check = [&](Curve curve, const std::vector<double>& wanted) {
    activation_forward(curve, x.data(), 4, y.data());
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(y[i], wanted[i], 1e-9);
  };
  check(Curve::gelu_tanh, {-0.003637392, -0.158808009, 0.345714010, 2.996362608});
  check(Curve::silu, {-0.142277620, -0.268941421, 0.311229666, 2.857722380});
  check(Curve::relu, {0, 0, 0.5, 3});
}

TYPED_TEST(Elementwise, every_curve_has_the_slope_of_its_fp64_values) {
  using T = TypeParam;
  for (const Curve curve : {Curve::gelu, Curve::gelu_tanh, Curve::silu, Curve::relu}) {
    std::vector<T> x, slope;
    for (double v = -120.03; v < 120; v += 0.27) store(&x.emplace_back(), Accumulate<T>(v));
    for (std::size_t i = 0; i < x.size(); ++i) store(&slope.emplace_back(), Accumulate<T>(1));
    const auto count = std::int64_t(x.size());
    const std::vector<double> in = exact(x);
    std::vector<double> up, down, high(in.size()), low(in.size());
    for (const double v : in) up.push_back(v + 1e-5), down.push_back(v - 1e-5);
    activation_forward(curve, up.data(), count, high.data());
    activation_forward(curve, down.data(), count, low.data());
    std::vector<Accumulate<T>> bias(x.size());
    activation_backward(curve, x.data(), slope.data(), 1, count, bias.data());
    for (std::size_t i = 0; i < in.size(); ++i)
      EXPECT_NEAR(double(load(&slope[i])), (high[i] - low[i]) / 2e-5, 1e-8 + 2 * rounding<T>())
          << in[i];
  }
}

TYPED_TEST(Elementwise, sums_and_conversions_add_to_what_is_there) {
  using T = TypeParam;
  const std::int64_t rows = 21, width = 50;
  const auto x = normal_numbers<T>(rows * width, 3);
  std::vector<Accumulate<T>> sums(std::size_t(width), 2), all(x.size(), 1);
  add_column_sums(x.data(), rows, width, sums.data());
  add_converted(x.data(), std::int64_t(x.size()), all.data());
  const auto in = exact(x);
  std::vector<double> wanted_sums(std::size_t(width), 2), wanted_all;
  for (std::size_t i = 0; i < in.size(); ++i) {
    wanted_sums[i % std::size_t(width)] += in[i];
    wanted_all.push_back(1 + in[i]);
  }
  EXPECT_LT(worst(exact(sums), wanted_sums), 1e-6);
  EXPECT_LT(worst(exact(all), wanted_all), 1e-7);
}

TYPED_TEST(Elementwise, dropout_scales_each_row_by_its_own_numbers) {
  using T = TypeParam;
  const std::int64_t rows = 5, width = 70;
  const std::vector<TokenPlace> places{{9, 0}, {9, 1}, {9, 2}, {4, 0}, {4, 1}};
  const auto x = normal_numbers<T>(rows * width, 4);
  auto y = x;
  dropout(y.data(), places.data(), rows, width, kKey);
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto scales = scales_of(kKey, places[std::size_t(r)], width);
    for (std::int64_t i = 0; i < width; ++i) {
      T wanted;
      store(&wanted, load(&x[std::size_t(r * width + i)]) * Accumulate<T>(scales[std::size_t(i)]));
      EXPECT_EQ(load(&y[std::size_t(r * width + i)]), load(&wanted));
    }
  }
  auto untouched = x;
  DropoutKey none = kKey;
  none.probability = 0;
  dropout(untouched.data(), places.data(), rows, width, none);
  EXPECT_EQ(exact(untouched), exact(x));
}

TEST(Dropout, keeps_the_asked_share_and_keeps_the_mean) {
  for (const double p : {0.1, 0.25, 0.5, 0.9}) {
    DropoutKey key = kKey;
    key.probability = p;
    std::int64_t kept = 0, pairs = 0, n = 0;
    for (std::uint32_t position = 0; position < 100; ++position) {
      const auto scales = scales_of(key, {7, position}, 1003);
      for (std::size_t i = 0; i < scales.size(); ++i, ++n) {
        ASSERT_TRUE(scales[i] == 0 || scales[i] == float(1 / (1 - p)));
        kept += scales[i] != 0;
        pairs += i > 0 && scales[i] != 0 && scales[i - 1] != 0;
      }
    }
    const double q = 1 - p, deviation = std::sqrt(p * q / double(n));
    EXPECT_NEAR(double(kept) / double(n), q, 5 * deviation);
    EXPECT_NEAR(double(pairs) / double(n), q * q, 8 * deviation) << "neighbours are independent";
  }
}

TEST(Dropout, numbers_depend_on_every_part_of_the_key_and_on_nothing_else) {
  const TokenPlace place{11, 5};
  const auto base = scales_of(kKey, place, 256);
  EXPECT_EQ(scales_of(kKey, place, 256), base);
  const auto shorter = scales_of(kKey, place, 101);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), base.begin())) << "width is no key";
  const auto changed = [&](auto change) {
    DropoutKey key = kKey;
    change(key);
    return scales_of(key, place, 256);
  };
  EXPECT_NE(changed([](DropoutKey& k) { k.seed = 43; }), base);
  EXPECT_NE(changed([](DropoutKey& k) { k.seed += std::uint64_t{1} << 32; }), base);
  EXPECT_NE(changed([](DropoutKey& k) { k.step = 4; }), base);
  EXPECT_NE(changed([](DropoutKey& k) { k.layer = 3; }), base);
  EXPECT_NE(changed([](DropoutKey& k) { k.op = 2; }), base);
  EXPECT_NE(scales_of(kKey, {12, 5}, 256), base);
  EXPECT_NE(scales_of(kKey, {11, 6}, 256), base);
}

TEST(Dropout, numbers_are_philox_words_against_a_threshold) {
  DropoutKey key = kKey;
  const auto scales = scales_of(key, {11, 5}, 40);
  for (std::uint32_t i = 0; i < 40; ++i) {
    const auto words =
        philox(philox_key(42), {i / 4 | 5u << 16, 11, 3, purpose_word(Purpose::dropout, 2, 1)});
    EXPECT_EQ(scales[i] != 0, words[i % 4] >= 0x40000000u) << i;
  }
}

TEST(Numbers, exponential_is_accurate_where_softmax_uses_it) {
  for (float x = -86.0f; x < 80.0f; x += 0.00731f)
    EXPECT_NEAR(fast_exp(x) / std::exp(double(x)), 1, 3e-7) << x;
  EXPECT_LT(fast_exp(-200.0f), 1e-37f);
}

TEST(Numbers, bf16_rounds_to_nearest_even) {
  const auto rounded = [](float x) {
    Bf16 value;
    store(&value, x);
    return load(&value);
  };
  EXPECT_EQ(rounded(1.0f), 1.0f);
  EXPECT_EQ(rounded(1.0f + 0x1p-8f), 1.0f) << "a tie goes to the even neighbour";
  EXPECT_EQ(rounded(1.0f + 0x3p-8f), 1.0f + 0x1p-6f);
  EXPECT_EQ(rounded(1.0f + 0x1.1p-8f), 1.0f + 0x1p-7f);
  EXPECT_EQ(rounded(-0.0f), 0.0f);
}

}  // namespace temper
