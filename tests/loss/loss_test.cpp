// Losses against torch's in fp64: value, weight, gradient.
#include "loss/loss.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "core/contract.hpp"
#include "support/kernel_numbers.hpp"

namespace temper {

namespace {

constexpr std::int64_t kRows = 13, kClasses = 6;

at::Tensor numbers(std::int64_t rows, std::int64_t columns, std::uint32_t stream, double spread) {
  return at::tensor(normal_numbers<double>(rows * columns, stream, spread)).view({rows, columns});
}
std::vector<std::int64_t> labels() {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < kRows; ++i) all.push_back(i * 5 % kClasses);
  return all;
}
double difference(const at::Tensor& a, const at::Tensor& b) {
  return a.to(at::kDouble).sub(b.to(at::kDouble)).abs().max().item<double>();
}

struct Setting {
  std::string name;
  std::vector<double> weights;
  double smoothing;
};
void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

}  // namespace

class CrossEntropy : public testing::TestWithParam<Setting> {};

TEST_P(CrossEntropy, equals_torch_and_autograd_in_fp64) {
  const CrossEntropyOptions options{GetParam().weights, GetParam().smoothing};
  for (const double spread : {1.0, 40.0}) {
    const at::Tensor logits = numbers(kRows, kClasses, 1, spread);
    const LossResult loss = cross_entropy(logits, labels(), options);
    const at::Tensor leaf = logits.clone().requires_grad_(true);
    std::optional<at::Tensor> weights;
    if (!options.class_weights.empty()) weights = at::tensor(options.class_weights);
    const at::Tensor reference = at::cross_entropy_loss(
        leaf, at::tensor(labels()), weights, /*reduction sum=*/2, -100, options.label_smoothing);
    reference.backward();
    EXPECT_NEAR(loss.sum, reference.item<double>(), 1e-11 * reference.item<double>());
    EXPECT_LT(difference(loss.gradient, leaf.grad()), 1e-10);
    double weight = 0;
    for (const std::int64_t label : labels())
      weight += options.class_weights.empty() ? 1 : options.class_weights[std::size_t(label)];
    EXPECT_NEAR(loss.weight, weight, 1e-12);
  }
}

INSTANTIATE_TEST_SUITE_P(Settings, CrossEntropy,
                         testing::Values(Setting{"plain", {}, 0}, Setting{"smooth", {}, 0.1},
                                         Setting{"weighted", {0.5, 1, 2, 0, 3, 0.25}, 0},
                                         Setting{
                                             "weighted_and_smooth", {0.5, 1, 2, 0, 3, 0.25}, 0.2}),
                         [](const auto& made) { return made.param.name; });

TEST(CrossEntropyParts, add_up_to_the_whole_whatever_the_cut) {
  const at::Tensor logits = numbers(kRows, kClasses, 2, 2);
  const CrossEntropyOptions options{{1, 2, 3, 4, 5, 6}, 0.1};
  const LossResult whole = cross_entropy(logits, labels(), options);
  const std::vector<std::int64_t> all = labels();
  const LossResult a = cross_entropy(logits.narrow(0, 0, 4).contiguous(),
                                     {all.begin(), all.begin() + 4}, options),
                   b = cross_entropy(logits.narrow(0, 4, kRows - 4).contiguous(),
                                     {all.begin() + 4, all.end()}, options);
  EXPECT_NEAR(a.sum + b.sum, whole.sum, 1e-12);
  EXPECT_NEAR(a.weight + b.weight, whole.weight, 1e-12);
  EXPECT_EQ(difference(b.gradient, whole.gradient.narrow(0, 4, kRows - 4)), 0);
}

TEST(CrossEntropyParts, fp32_logits_keep_an_fp64_sum) {
  const at::Tensor logits = numbers(kRows, kClasses, 3, 3);
  const LossResult narrow = cross_entropy(logits.to(at::kFloat), labels(), {});
  const LossResult wide = cross_entropy(logits.to(at::kFloat).to(at::kDouble), labels(), {});
  EXPECT_NEAR(narrow.sum, wide.sum, 1e-12 * wide.sum);
  EXPECT_EQ(narrow.gradient.scalar_type(), at::kFloat);
  EXPECT_LT(difference(narrow.gradient, wide.gradient), 1e-7);
}

TEST(CrossEntropyParts, huge_logits_do_not_overflow_and_bad_ones_show) {
  const at::Tensor huge = at::tensor(std::vector<double>{1e300, -1e300, 0, 5}).view({2, 2});
  const LossResult loss = cross_entropy(huge, {0, 1}, {});
  EXPECT_NEAR(loss.sum, std::log1p(std::exp(-5.0)), 1e-12);
  const at::Tensor bad = at::tensor(std::vector<double>{NAN, 1}).view({1, 2});
  EXPECT_FALSE(std::isfinite(cross_entropy(bad, {0}, {}).sum));
}

TEST(CrossEntropyParts, labels_outside_the_classes_are_our_bug) {
  const at::Tensor logits = numbers(1, kClasses, 4, 1);
  EXPECT_THROW(cross_entropy(logits, {kClasses}, {}), ContractViolation);
  EXPECT_THROW(cross_entropy(logits, {-1}, {}), ContractViolation);
  EXPECT_THROW(cross_entropy(logits, {0, 1}, {}), ContractViolation);
}

TEST(SquaredError, equals_torch_and_autograd_in_fp64) {
  const at::Tensor prediction = numbers(kRows, 1, 5, 2);
  const auto values = normal_numbers<double>(kRows, 6);
  const LossResult loss = mean_squared_error(prediction, values);
  const at::Tensor leaf = prediction.clone().requires_grad_(true);
  const at::Tensor reference = at::mse_loss(leaf, at::tensor(values).view({kRows, 1}), 2);
  reference.backward();
  EXPECT_NEAR(loss.sum, reference.item<double>(), 1e-11);
  EXPECT_EQ(loss.weight, double(kRows));
  EXPECT_LT(difference(loss.gradient, leaf.grad()), 1e-10);
  EXPECT_THROW(mean_squared_error(prediction, {1.0}), ContractViolation);
}

TEST(Probabilities, are_the_softmax_in_fp64) {
  const at::Tensor logits = numbers(kRows, kClasses, 7, 30).to(at::kFloat);
  const auto rows = probabilities(logits);
  const at::Tensor wanted = at::softmax(logits.to(at::kDouble), -1);
  for (std::int64_t i = 0; i < kRows; ++i)
    EXPECT_LT(difference(at::tensor(rows[std::size_t(i)]), wanted[i]), 1e-15);
}

}  // namespace temper
