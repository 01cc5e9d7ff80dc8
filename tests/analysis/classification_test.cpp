// Scores worked by hand, and the corners.
#include "analysis/classification.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "analysis/regression.hpp"
#include "core/contract.hpp"

namespace temper {
namespace {

ConfusionMatrix ten_rows(std::int64_t classes) {
  ConfusionMatrix matrix(classes);
  const int truth[] = {0, 0, 0, 0, 1, 1, 2, 2, 2, 2};
  const int prediction[] = {0, 0, 1, 2, 1, 3, 2, 2, 0, 2};
  for (int row = 0; row < 10; ++row) matrix.add(truth[row], prediction[row]);
  return matrix;
}

TEST(Classification, of_ten_rows_is_as_worked_by_hand) {
  const ClassificationScores scores = score(ten_rows(4));
  EXPECT_NEAR(scores.accuracy, 0.6, 1e-15);
  EXPECT_NEAR(scores.balanced_accuracy, 7.0 / 12, 1e-15);
  EXPECT_NEAR(scores.macro.precision, 23.0 / 48, 1e-15);
  EXPECT_NEAR(scores.macro.recall, 0.4375, 1e-15);
  EXPECT_NEAR(scores.macro.f1, 51.0 / 112, 1e-15);
  EXPECT_NEAR(scores.weighted.f1, 22.0 / 35, 1e-15);
  EXPECT_NEAR(scores.matthews, 0.4183300133, 1e-10);
  EXPECT_NEAR(scores.kappa, 0.4117647059, 1e-10);
  EXPECT_EQ(scores.classes[3].support, 0);
  EXPECT_EQ(scores.classes[3].f1, 0);
}

TEST(Classification, counts_a_class_that_is_never_met_only_when_asked) {
  EXPECT_NEAR(score(ten_rows(5)).macro.f1, 51.0 / 112, 1e-15);
  EXPECT_NEAR(score(ten_rows(5), {0, true}).macro.f1, 51.0 / 140, 1e-15);
  EXPECT_NEAR(score(ten_rows(5), {1, true}).macro.recall, 0.75, 1e-15);
}

TEST(Classification, leaves_undefined_quotients_out_of_averages_when_asked) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ConfusionMatrix matrix(3);
  matrix.add(0, 0, 8);
  matrix.add(0, 1, 2);
  matrix.add(1, 0, 1);
  matrix.add(1, 1, 5);
  EXPECT_NEAR(score(matrix, {nan, true}).macro.f1, 0.805668, 1e-6);
  EXPECT_NEAR(score(matrix, {1, true}).macro.f1, 0.870445, 1e-6);
  EXPECT_NEAR(score(matrix, {0, true}).macro.f1, 0.537112, 1e-6);
}

TEST(Classification, of_nothing_has_no_macro_average) {
  const ClassificationScores scores = score(ConfusionMatrix(3));
  EXPECT_EQ(scores.accuracy, 0);
  EXPECT_TRUE(std::isnan(scores.macro.f1));
}

TEST(Classification, refuses_a_class_that_it_does_not_have) {
  ConfusionMatrix matrix(2);
  EXPECT_THROW(matrix.add(2, 0), ContractViolation);
  EXPECT_THROW(matrix.add(0, -1), ContractViolation);
}

TEST(Regression, of_constant_sides_is_defined_as_in_scikit_learn) {
  const double truth[] = {2, 2, 2}, exact[] = {2, 2, 2}, wrong[] = {1, 2, 3};
  EXPECT_EQ(score_regression(truth, exact).r2, 1);
  EXPECT_EQ(score_regression(truth, wrong).r2, 0);
  EXPECT_TRUE(std::isnan(score_regression(truth, wrong).pearson));
}

}  // namespace
}  // namespace temper
