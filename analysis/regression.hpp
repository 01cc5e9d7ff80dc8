// Scores of a regression, equal to scikit-learn's and SciPy's.
//
//   const RegressionScores scores = score_regression(truth, prediction);   // scores.r2
#pragma once

#include <cstdint>
#include <span>

namespace temper {

// NaN says "not defined": r2 below 2 rows, correlations where either side is constant.
struct RegressionScores {
  std::int64_t rows = 0;
  double mse = 0, mae = 0, r2 = 0, pearson = 0, spearman = 0;
};

// Both of the same length. r2 of a constant truth is 1 when every prediction is exact and 0
// otherwise, as in scikit-learn. Spearman ranks ties by their average.
RegressionScores score_regression(std::span<const double> truth,
                                  std::span<const double> prediction);

}  // namespace temper
