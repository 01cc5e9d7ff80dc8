// Distribution functions, intervals and tests against SciPy's (tests/oracles/intervals_and_tests.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "analysis/calibration.hpp"
#include "analysis/statistics/bootstrap.hpp"
#include "analysis/statistics/comparison.hpp"
#include "analysis/statistics/distributions.hpp"
#include "core/json.hpp"
#include "draws.hpp"

namespace temper {
namespace {

const Json& recorded(const char* key) {
  static const Json kRecorded = value_or_throw(read_json_file(
      std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/analysis/data/statistics.json"));
  return kRecorded.at(key);
}

void expect_close(double value, double expected, double relative = 1e-9) {
  EXPECT_NEAR(value, expected, relative * std::abs(expected) + 1e-14);
}

TEST(Distributions, normal_quantiles_equal_scipy) {
  for (const Json& row : recorded("normal"))
    expect_close(normal_quantile(row[0]), row[1].get<double>(), 1e-11);
}

TEST(Distributions, students_t_equals_scipy) {
  for (const Json& row : recorded("student"))
    expect_close(student_quantile(row[0], row[1]), row[2].get<double>());
  for (const Json& row : recorded("student_cdf"))
    expect_close(student_cdf(row[0], row[1]), row[2].get<double>());
}

TEST(Distributions, binomials_equal_scipy) {
  for (const Json& row : recorded("fair_binomial")) {
    expect_close(fair_binomial_cdf(row[0], row[1]), row[2].get<double>());
    expect_close(fair_binomial_mass(row[0], row[1]), row[3].get<double>());
  }
  for (const Json& row : recorded("binomial"))
    expect_close(binomial_cdf(row[0], row[1], row[2]), row[3].get<double>());
}

TEST(Intervals, wilson_equals_scipy) {
  for (const Json& row : recorded("wilson")) {
    const Interval interval = wilson_interval(row[0], row[1], row[2].get<double>());
    expect_close(interval.low, row[3].get<double>(), 1e-12);
    expect_close(interval.high, row[4].get<double>(), 1e-12);
  }
}

TEST(Intervals, students_t_of_a_mean_equals_scipy) {
  for (const Json& row : recorded("t_interval")) {
    const Interval interval = t_interval(row[0].get<std::vector<double>>());
    expect_close(interval.low, row[1].get<double>());
    expect_close(interval.high, row[2].get<double>());
  }
  EXPECT_TRUE(std::isnan(t_interval(std::vector<double>{1.0}).low));
}

TEST(Intervals, the_median_takes_the_ranks_of_the_table_and_needs_six_values) {
  const std::vector<std::array<int, 3>> table{{6, 1, 6},   {7, 1, 7},   {8, 1, 8},   {9, 2, 8},
                                              {10, 2, 9},  {11, 2, 10}, {12, 3, 10}, {15, 4, 12},
                                              {20, 6, 15}, {25, 8, 18}, {30, 10, 21}};
  for (const auto& [n, low, high] : table) {
    std::vector<double> values(static_cast<std::size_t>(n));
    std::iota(values.rbegin(), values.rend(), 1.0);
    const Interval interval = median_interval(values);
    EXPECT_EQ(interval.low, low) << n;
    EXPECT_EQ(interval.high, high) << n;
  }
  EXPECT_EQ(median_interval(std::vector<double>{1, 2, 3, 4, 5}).method,
            "Student's t of the logarithms");
}

TEST(Intervals, a_paired_speed_up_is_as_worked_by_hand) {
  const std::vector<double> one{100, 102, 98, 101, 99}, four{27.0, 27.6, 26.4, 27.5, 26.5};
  const SpeedUp speed_up = paired_speed_up(one, four);
  EXPECT_NEAR(speed_up.value, 3.7040, 5e-5);
  EXPECT_NEAR(speed_up.interval.low, 3.6754, 5e-5);
  EXPECT_NEAR(speed_up.interval.high, 3.7327, 5e-5);
}

TEST(Comparison, mcnemar_equals_scipy) {
  for (const Json& row : recorded("mcnemar")) {
    const McNemar test = mcnemar(row[0], row[1]);
    expect_close(test.exact, row[2].get<double>());
    expect_close(test.mid_p, row[3].get<double>());
    EXPECT_EQ(test.p(), row[0].get<int>() + row[1].get<int>() < 25 ? test.exact : test.mid_p);
  }
}

TEST(Comparison, holm_equals_its_definition_in_any_order) {
  for (const Json& row : recorded("holm")) {
    const auto adjusted = holm_adjusted(row[0].get<std::vector<double>>());
    for (std::size_t i = 0; i < adjusted.size(); ++i)
      expect_close(adjusted[i], row[1][i].get<double>(), 1e-14);
  }
  EXPECT_EQ(holm_adjusted({}).size(), 0u);
}

TEST(Comparison, the_detectable_difference_is_as_published) {
  EXPECT_NEAR(detectable_difference(0.13, 8311), 0.0111, 5e-5);
  EXPECT_NEAR(detectable_difference(0.13, 500), 0.0452, 5e-5);
}

TEST(Calibration, equals_scikit_learn) {
  for (const Json& one : recorded("probability")) {
    const auto scores = one.at("scores").get<std::vector<double>>();
    const auto truth = one.at("truth").get<std::vector<std::int32_t>>();
    const std::int64_t classes = one.at("classes");
    const ProbabilityScores got = score_probabilities(classes, scores, truth);
    expect_close(got.log_loss, one.at("log_loss").get<double>(), 1e-12);
    expect_close(got.brier, one.at("brier").get<double>(), 1e-12);
    expect_close(got.expected_calibration_error, one.at("ece").get<double>(), 1e-12);
    for (int k : {1, 2})
      expect_close(top_k_accuracy(classes, scores, truth, k), one.at("top_k")[k - 1].get<double>());
  }
}

TEST(Calibration, puts_a_value_on_an_edge_into_the_bin_below) {
  const std::vector<double> scores{0.6, 0.4};
  const std::vector<std::int32_t> truth{0};
  const auto bins = score_probabilities(2, scores, truth).bins;
  EXPECT_EQ(bins[8].rows, 1);  // (8/15, 9/15]
}

TEST(Calibration, of_exact_models_is_above_zero_by_chance) {
  std::vector<double> confidences;
  for (int i = 0; i < 1000; ++i) confidences.push_back(0.5 + 0.5 * (i + 0.5) / 1000);
  EXPECT_NEAR(calibration_error_by_chance(confidences, 1), 0.042, 0.004);
}

}  // namespace
}  // namespace temper
