#include "analysis/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "analysis/statistics/intervals.hpp"
#include "core/contract.hpp"
#include "core/philox.hpp"

namespace temper {
namespace {

// By a table of edges: ceil(p * 15) would misplace a value that lies on one.
std::size_t bin_of(double confidence) {
  static const auto kEdges = [] {
    std::array<double, kCalibrationBins - 1> edges{};
    for (std::size_t i = 0; i < edges.size(); ++i)
      edges[i] = double(i + 1) / double(kCalibrationBins);
    return edges;
  }();
  return std::size_t(std::lower_bound(kEdges.begin(), kEdges.end(), confidence) - kEdges.begin());
}

double error_of(std::span<const CalibrationBin> bins, std::int64_t rows) {
  double error = 0;
  for (const CalibrationBin& bin : bins)
    error += std::abs(double(bin.hits) - bin.confidence_sum) / double(rows);
  return error;
}

}  // namespace

double top_k_accuracy(std::int64_t classes, std::span<const double> scores,
                      std::span<const std::int32_t> truth, std::int64_t k) {
  expects(scores.size() == truth.size() * std::size_t(classes), "one score for each class");
  std::int64_t hits = 0;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    const auto of_row = scores.subspan(row * std::size_t(classes), std::size_t(classes));
    const double own = of_row[std::size_t(truth[row])];
    std::int64_t before = 0;
    for (std::size_t c = 0; c < of_row.size(); ++c)
      before += of_row[c] > own || (of_row[c] == own && c < std::size_t(truth[row]));
    hits += before < k;
  }
  return double(hits) / double(truth.size());
}

ProbabilityScores score_probabilities(std::int64_t classes, std::span<const double> probabilities,
                                      std::span<const std::int32_t> truth) {
  expects(probabilities.size() == truth.size() * std::size_t(classes), "one score for each class");
  constexpr double kSmallest = std::numeric_limits<double>::epsilon();
  const double rows = double(truth.size());
  ProbabilityScores scores;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    const auto of_row = probabilities.subspan(row * std::size_t(classes), std::size_t(classes));
    const double own = of_row[std::size_t(truth[row])];
    scores.log_loss -= std::log(std::clamp(own, kSmallest, 1 - kSmallest)) / rows;
    double squares = 1 - 2 * own;
    for (const double p : of_row) squares += p * p;
    scores.brier += squares / rows;
    const auto top = std::max_element(of_row.begin(), of_row.end());
    CalibrationBin& bin = scores.bins[bin_of(*top)];
    ++bin.rows;
    bin.hits += top - of_row.begin() == truth[row];
    bin.confidence_sum += *top;
  }
  scores.top_3 = top_k_accuracy(classes, probabilities, truth, 3);
  scores.expected_calibration_error = error_of(scores.bins, std::int64_t(truth.size()));
  return scores;
}

double calibration_error_by_chance(std::span<const double> confidences, std::uint64_t seed,
                                   std::int64_t repeats) {
  std::vector<double> errors;
  for (std::int64_t repeat = 0; repeat < repeats; ++repeat) {
    std::array<CalibrationBin, kCalibrationBins> bins{};
    for (std::size_t row = 0; row < confidences.size(); ++row) {
      const auto words = philox(philox_key(seed), {std::uint32_t(row), std::uint32_t(repeat), 0,
                                                   purpose_word(Purpose::bootstrap, 1)});
      CalibrationBin& bin = bins[bin_of(confidences[row])];
      bin.hits += uniform_double(words[0], words[1]) < confidences[row];
      bin.confidence_sum += confidences[row];
    }
    errors.push_back(error_of(bins, std::int64_t(confidences.size())));
  }
  std::sort(errors.begin(), errors.end());
  return errors.empty() ? std::numeric_limits<double>::quiet_NaN() : quantile(errors, 0.95);
}

}  // namespace temper
