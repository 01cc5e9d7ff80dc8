// Scores against scikit-learn's and SciPy's on thousands of drawn cases
// (tests/oracles/classification_scores.py).
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <vector>

#include "analysis/classification.hpp"
#include "analysis/regression.hpp"
#include "core/json.hpp"
#include "draws.hpp"

namespace temper {
namespace {

const std::filesystem::path kData =
    std::filesystem::path(TEMPER_SOURCE_DIR) / "tests" / "analysis" / "data";

ConfusionMatrix drawn_matrix(std::uint64_t seed) {
  Draws draws(seed);
  const std::int64_t classes = draws.below(20) == 0 ? 24 : 1 + draws.below(7);
  const std::int64_t rows = 1 + draws.below(40), hits = draws.below(101);
  const std::int64_t truths = 1 + draws.below(classes), guesses = 1 + draws.below(classes);
  ConfusionMatrix matrix(classes);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t truth = draws.below(truths);
    const std::int64_t guess = classes - 1 - draws.below(guesses);
    matrix.add(truth, draws.below(100) < hits ? truth : guess);
  }
  return matrix;
}

std::vector<double> classification_values(std::uint64_t seed) {
  const ConfusionMatrix matrix = drawn_matrix(seed);
  std::vector<double> values;
  const auto append = [&](const PrecisionRecallF1& one) {
    values.insert(values.end(), {one.precision, one.recall, one.f1});
  };
  for (const double zero : {0.0, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    for (const bool all : {false, true}) {
      const ClassificationScores scores = score(matrix, {zero, all});
      append(scores.macro);
      append(scores.weighted);
    }
    const ClassificationScores scores = score(matrix, {zero, true});
    for (const auto member :
         {&PrecisionRecallF1::precision, &PrecisionRecallF1::recall, &PrecisionRecallF1::f1})
      for (const PrecisionRecallF1& one : scores.classes) values.push_back(one.*member);
  }
  const ClassificationScores scores = score(matrix);
  append(scores.micro);
  values.insert(values.end(),
                {scores.accuracy, scores.balanced_accuracy, scores.matthews, scores.kappa});
  return values;
}

std::vector<double> regression_values(std::uint64_t seed) {
  Draws draws(seed);
  const std::int64_t rows = 2 + draws.below(60), levels = 1 + draws.below(30);
  const std::int64_t noise = draws.below(8);
  std::vector<double> truth, prediction;
  for (std::int64_t row = 0; row < rows; ++row)
    truth.push_back(double(draws.below(levels)) / 8 - 1);
  for (const double value : truth)
    prediction.push_back(value / 2 + double(draws.below(1 + noise)) / 4);
  const RegressionScores scores = score_regression(truth, prediction);
  return {scores.mse, scores.mae, scores.r2, scores.pearson, scores.spearman};
}

void expect_recorded(const std::string& file,
                     const std::function<std::vector<double>(std::uint64_t)>& values_of) {
  const Json recorded = value_or_throw(read_json_file(kData / file));
  const Json& cases = recorded.at("cases");
  ASSERT_GE(cases.size(), 50u);
  for (std::size_t seed = 0; seed < cases.size(); ++seed) {
    const std::vector<double> values = values_of(seed);
    ASSERT_EQ(values.size(), cases[seed].size()) << "case " << seed;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (cases[seed][i].is_null())
        EXPECT_TRUE(std::isnan(values[i])) << "case " << seed << ", value " << i;
      else
        EXPECT_NEAR(values[i], cases[seed][i].get<double>(), 1e-12)
            << "case " << seed << ", value " << i;
    }
  }
  const std::uint64_t block = recorded.at("block").get<std::uint64_t>();
  ASSERT_GE(recorded.at("block_sums").size(), 50u);
  for (std::uint64_t b = 0; b < recorded.at("block_sums").size(); ++b) {
    double sum = 0;
    for (std::uint64_t seed = b * block; seed < (b + 1) * block; ++seed)
      for (const double value : values_of(seed)) sum += std::isnan(value) ? 7 : value;
    const double expected = recorded["block_sums"][b].get<double>();
    EXPECT_NEAR(sum, expected, 1e-12 * std::abs(expected) + 1e-12) << "block " << b;
  }
}

TEST(Classification, equals_scikit_learn_on_drawn_cases_and_every_zero_division) {
  expect_recorded("classification_scores.json", classification_values);
}

TEST(Regression, equals_scikit_learn_and_scipy_on_drawn_cases) {
  expect_recorded("regression_scores.json", regression_values);
}

}  // namespace
}  // namespace temper
