// AdamW against the numbers of torch.optim.AdamW (tests/oracles/adamw.py), its split planes against
// fp32, its missed steps against dense ones.
#include "kernels/adamw.hpp"

#include <gtest/gtest.h>

#include "core/json.hpp"
#include "support/kernel_numbers.hpp"

namespace temper {

namespace {

const Json& recorded() {
  static const Json json = value_or_throw(
      read_json_file(std::string(TEMPER_SOURCE_DIR) + "/tests/kernels/data/adamw.json"));
  return json;
}

template <class T>
struct State {
  std::vector<T> weight;
  std::vector<std::int16_t> low;
  std::vector<Accumulate<T>> first, second;

  explicit State(const std::vector<double>& values)
      : weight(values.size()), low(values.size()), first(values.size()), second(values.size()) {
    const std::vector<float> narrow(values.begin(), values.end());
    if constexpr (std::is_same_v<T, Bf16>)
      split_planes(narrow.data(), std::int64_t(values.size()), weight.data(), low.data());
    else
      weight.assign(values.begin(), values.end());
  }
  std::vector<double> masters() const {
    std::vector<double> all;
    for (std::size_t i = 0; i < weight.size(); ++i) {
      if constexpr (std::is_same_v<T, Bf16>)
        all.push_back(double(join_planes(weight[i], low[i])));
      else
        all.push_back(double(weight[i]));
    }
    return all;
  }
  void step(const std::vector<double>& gradient, double decay, const AdamWStep& s) {
    const std::vector<Accumulate<T>> g(gradient.begin(), gradient.end());
    adamw(weight.data(), low.data(), g.data(), first.data(), second.data(),
          std::int64_t(weight.size()), decay, s);
  }
};

template <class T>
void follow_torch(double tolerance) {
  for (const Json& run : recorded()["runs"]) {
    State<T> state(run["start"].get<std::vector<double>>());
    std::int64_t t = 0;
    for (const Json& record : run["steps"]) {
      AdamWStep step =
          adamw_step(record["learning_rate"], run["beta1"], run["beta2"], run["epsilon"], ++t);
      auto gradient = record["gradient"].get<std::vector<double>>();
      step.gradient_scale = 0.25;
      for (double& g : gradient) g *= 4;
      state.step(gradient, run["weight_decay"], step);
      EXPECT_LT(worst(state.masters(), record["weight"].get<std::vector<double>>()), tolerance)
          << "step " << t;
    }
    EXPECT_LT(worst(exact(state.first), run["first"].get<std::vector<double>>()), tolerance);
    EXPECT_LT(worst(exact(state.second), run["second"].get<std::vector<double>>()), tolerance);
  }
}

std::vector<AdamWStep> history(std::int64_t steps) {
  std::vector<AdamWStep> all;
  for (std::int64_t t = 1; t <= steps; ++t)
    all.push_back(
        adamw_step(1e-3 * std::min(1.0, double(t) / 20) * double(steps - t + 1) / double(steps),
                   0.9, 0.999, 1e-8, t));
  return all;
}

}  // namespace

TEST(AdamW, equals_torch_in_fp64) { follow_torch<double>(1e-14); }
TEST(AdamW, equals_torch_in_fp32) { follow_torch<float>(3e-7); }
TEST(AdamW, of_split_planes_follows_fp32_not_bf16) { follow_torch<Bf16>(3e-7); }

TEST(AdamW, has_the_value_worked_by_hand) {
  State<double> state({1.0});
  state.step({0.1}, 0.01, adamw_step(1e-3, 0.9, 0.999, 1e-8, 1));
  EXPECT_NEAR(state.weight[0], 1 * (1 - 1e-5) - 1e-3 * 0.1 / (0.1 + 1e-8), 1e-15);
}

TEST(SplitPlanes, give_back_every_pattern_and_the_upper_one_is_the_nearest_bf16) {
  for (std::uint64_t pattern = 0; pattern < (std::uint64_t{1} << 32); pattern += 9973) {
    const auto value = std::bit_cast<float>(std::uint32_t(pattern));
    if (!std::isfinite(value) || std::fabs(value) > 3.3e38f) continue;
    Bf16 high;
    std::int16_t low;
    split_planes(&value, 1, &high, &low);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(join_planes(high, low)), std::uint32_t(pattern));
    ASSERT_LE(std::fabs(double(load(&high)) - double(value)),
              std::ldexp(std::max(std::fabs(double(value)), 0x1p-126), -8));
  }
}

template <class T>
class MissedSteps : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(MissedSteps, Storage);

TYPED_TEST(MissedSteps, equal_dense_steps_with_zero_gradient) {
  using T = TypeParam;
  const auto start = exact(normal_numbers<double>(33, 1));
  const auto steps = history(400);
  for (const double decay : {0.0, 0.01}) {
    State<T> dense(start), lazy(start);
    std::int64_t done = 0;
    for (std::int64_t s = 0; s < std::int64_t(steps.size()); ++s) {
      const bool seen = s == 0 || s == 1 || s == 40 || s == 390;
      const auto gradient =
          seen ? exact(normal_numbers<double>(33, std::uint32_t(10 + s))) : std::vector(33, 0.0);
      dense.step(gradient, decay, steps[std::size_t(s)]);
      if (!seen) continue;
      adamw_missed_steps(lazy.weight.data(), lazy.low.data(), lazy.first.data(), lazy.second.data(),
                         33, decay, steps, done, s);
      lazy.step(gradient, decay, steps[std::size_t(s)]);
      done = s + 1;
    }
    adamw_missed_steps(lazy.weight.data(), lazy.low.data(), lazy.first.data(), lazy.second.data(),
                       33, decay, steps, done, std::int64_t(steps.size()));
    constexpr bool wide = std::is_same_v<T, double>;
    const double tolerance = wide ? 1e-13 : 1e-5;
    EXPECT_LT(worst(lazy.masters(), dense.masters()), (wide ? 1e-15 : 2e-7));
    EXPECT_LT(worst(exact(lazy.first), exact(dense.first)), tolerance);
    EXPECT_LT(worst(exact(lazy.second), exact(dense.second)), tolerance);
  }
}

TEST(SquareSum, equals_fp64_for_sizes_around_its_blocks) {
  for (const std::int64_t n : {0, 1, 4095, 4096, 4097, 100'000}) {
    const auto values = normal_numbers<float>(n, 7);
    double wanted = 0;
    for (const double v : exact(values)) wanted += v * v;
    const SquareSum sum = square_sum(values.data(), n);
    EXPECT_NEAR(sum.sum, wanted, 1e-6 * wanted);
    EXPECT_EQ(sum.not_finite, 0);
  }
}

TEST(SquareSum, counts_what_is_not_finite) {
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    std::vector<float> values(10'000, 0.5f);
    values[9'000] = bad;
    EXPECT_GT(square_sum(values.data(), 10'000).not_finite, 0);
  }
}

}  // namespace temper
