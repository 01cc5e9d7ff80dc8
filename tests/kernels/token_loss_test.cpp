// Cross-entropy over a vocabulary against autograd in fp64, and by hand.
#include "kernels/token_loss.hpp"

#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/tanh.h>
#include <gtest/gtest.h>

#include "support/autograd_numbers.hpp"

namespace temper {

namespace {

constexpr std::int64_t kLossRows = 11, kClasses = 2777;  // blocks of 1,024 and a rest

std::vector<std::int32_t> targets() {
  std::vector<std::int32_t> all;
  for (std::int64_t r = 0; r < kLossRows; ++r) all.push_back(std::int32_t((r * 1021) % kClasses));
  all[0] = 0, all[1] = kClasses - 1, all[2] = 1023, all[3] = 1024;
  return all;
}

struct Reference {
  at::Tensor loss, nll, gradient, capped;
};

Reference reference(const at::Tensor& logits, const TokenLossOptions& options) {
  const at::Tensor x =
      options.softcap > 0 ? options.softcap * at::tanh(logits / options.softcap) : logits;
  const at::Tensor log_p = at::log_softmax(x, -1), log_sum = at::logsumexp(x, {-1});
  const auto target = targets();
  const at::Tensor index =
      at::tensor(std::vector<std::int64_t>(target.begin(), target.end())).unsqueeze(1);
  const at::Tensor nll = -log_p.gather(1, index).squeeze(1);
  const at::Tensor loss = (1 - options.label_smoothing) * nll -
                          options.label_smoothing * log_p.mean(-1) +
                          options.z_loss * log_sum * log_sum;
  loss.sum().backward();
  return {loss, nll, logits.grad(), x};
}

std::vector<double> of(const std::vector<TokenLoss>& results, double TokenLoss::*member) {
  std::vector<double> values;
  for (const TokenLoss& result : results) values.push_back(result.*member);
  return values;
}

}  // namespace

template <class T>
class TokenLossOf : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(TokenLossOf, Storage);

TEST(TokenLossByHand, two_classes) {
  std::vector<double> logits{std::log(3.0), 0};
  const std::int32_t target = 1;
  TokenLoss result;
  token_loss(logits.data(), &target, 1, 2, {}, true, &result);
  EXPECT_NEAR(result.nll, std::log(4.0), 1e-15);
  EXPECT_EQ(result.loss, result.nll);
  EXPECT_FALSE(result.correct);
  EXPECT_LT(worst(logits, {0.75, -0.75}), 1e-15);
}

TYPED_TEST(TokenLossOf, equals_autograd_with_smoothing_z_loss_and_softcap) {
  using T = TypeParam;
  for (const TokenLossOptions& options :
       {TokenLossOptions{}, TokenLossOptions{.label_smoothing = 0.1},
        TokenLossOptions{.z_loss = 1e-2}, TokenLossOptions{.softcap = 5},
        TokenLossOptions{.label_smoothing = 0.2, .z_loss = 1e-3, .softcap = 8}})
    for (const double spread : {1.0, 20.0}) {
      const auto in = normal_numbers<T>(kLossRows * kClasses, 3, spread);
      const Reference wanted = reference(leaf(in, {kLossRows, kClasses}), options);
      auto logits = in;
      std::vector<TokenLoss> results(kLossRows);
      const double slack = std::is_same_v<T, double> ? 1e-13 : 1e-6;
      token_loss(logits.data(), targets().data(), kLossRows, kClasses, options, false,
                 results.data());
      EXPECT_LT(worst(of(results, &TokenLoss::loss), numbers_of(wanted.loss)), slack);
      EXPECT_LT(worst(of(results, &TokenLoss::nll), numbers_of(wanted.nll)), slack);
      EXPECT_LT(difference(logits, wanted.capped), rounding<T>());
      logits = in;
      std::vector<TokenLoss> again(kLossRows);
      token_loss(logits.data(), targets().data(), kLossRows, kClasses, options, true, again.data());
      EXPECT_EQ(of(again, &TokenLoss::loss), of(results, &TokenLoss::loss));
      EXPECT_LT(difference(logits, wanted.gradient),
                (std::is_same_v<T, double> ? 1e-12 : std::max(3e-6, rounding<T>())));
    }
}

TYPED_TEST(TokenLossOf, the_largest_logit_is_correct_and_the_lowest_class_wins_a_tie) {
  using T = TypeParam;
  const auto correct = [](std::int64_t largest, std::int64_t tied, std::int32_t target) {
    std::vector<T> logits = normal_numbers<T>(kClasses, 4, 0.1);
    for (const std::int64_t at : {largest, tied})
      if (at >= 0) store(&logits[std::size_t(at)], Accumulate<T>(2));
    TokenLoss result;
    token_loss(logits.data(), &target, 1, kClasses, {}, true, &result);
    return result.correct;
  };
  EXPECT_TRUE(correct(1500, -1, 1500));
  EXPECT_FALSE(correct(1500, -1, 1499));
  EXPECT_TRUE(correct(10, 1500, 10));
  EXPECT_FALSE(correct(10, 1500, 1500));
}

TYPED_TEST(TokenLossOf, large_logits_neither_overflow_nor_vanish) {
  using T = TypeParam;
  std::vector<T> logits(2000);
  for (std::size_t j = 0; j < logits.size(); ++j) store(&logits[j], Accumulate<T>(-30000));
  store(&logits[1900], Accumulate<T>(30000));
  const std::int32_t target = 3;
  TokenLoss result;
  token_loss(logits.data(), &target, 1, 2000, {}, true, &result);
  const double top = double(Accumulate<T>(30000));
  EXPECT_NEAR(result.nll, 2 * top, top / 100);
  EXPECT_EQ(load(&logits[1900]), 1);
  EXPECT_EQ(load(&logits[3]), -1);
  EXPECT_LT(std::fabs(load(&logits[4])), 1e-30);
}

TEST(TokenLossNotFinite, a_nan_makes_the_loss_nan) {
  std::vector<float> logits(3000, 0.5f);
  logits[2000] = NAN;
  const std::int32_t target = 1;
  TokenLoss result;
  token_loss(logits.data(), &target, 1, 3000, {}, false, &result);
  EXPECT_TRUE(std::isnan(result.loss));
  EXPECT_FALSE(result.correct);
}

}  // namespace temper
