// What the scores behind predictions are worth: log loss, Brier score, top-k, calibration.
//
//   ProbabilityScores scores = score_probabilities(classes, probabilities, truth);
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace temper {

inline constexpr std::size_t kCalibrationBins = 15;

// Rows whose largest probability lies in (i / 15, (i + 1) / 15]; 0 belongs to the first bin.
struct CalibrationBin {
  std::int64_t rows = 0, hits = 0;
  double confidence_sum = 0;
};

struct ProbabilityScores {
  double log_loss = 0;  // probabilities are kept off 0 by 2.2e-16, as in scikit-learn
  double brier = 0;     // sum over classes of squared errors: in [0, 2]
  double top_3 = 0;
  double expected_calibration_error = 0;
  std::array<CalibrationBin, kCalibrationBins> bins{};
};

// Row-major [rows, classes]; rows sum to 1. Not defined (NaN) without rows.
ProbabilityScores score_probabilities(std::int64_t classes, std::span<const double> probabilities,
                                      std::span<const std::int32_t> truth);

// A label counts if fewer than k scores are larger, or equal with a smaller class number.
double top_k_accuracy(std::int64_t classes, std::span<const double> scores,
                      std::span<const std::int32_t> truth, std::int64_t k);

// The calibration error of a model that is exactly calibrated, from labels redrawn as its
// probabilities say: only above the 95 % point of this is a model called miscalibrated, because
// the error of few rows is never 0. Draws are keyed by seed.
double calibration_error_by_chance(std::span<const double> confidences, std::uint64_t seed,
                                   std::int64_t repeats = 200);

}  // namespace temper
