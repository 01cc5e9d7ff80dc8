// The bootstrap: its keys, its intervals, its coverage.
#include "analysis/statistics/bootstrap.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "core/json.hpp"
#include "draws.hpp"

namespace temper {
namespace {

BootstrapSample rows_as_cells(std::size_t rows) {
  std::vector<std::uint32_t> cells(rows);
  std::iota(cells.begin(), cells.end(), 0u);
  return stratified_sample(cells);
}

Statistics mean_of(const std::vector<double>& values) {
  return [&values](std::span<const std::uint32_t> counts, std::span<double> out) {
    double sum = 0, rows = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      sum += counts[i] * values[i];
      rows += counts[i];
    }
    out[0] = sum / rows;
  };
}

TEST(Bootstrap, gives_the_same_replicates_on_any_number_of_threads) {
  std::vector<std::uint32_t> cells, strata;
  Draws draws(3);
  for (int row = 0; row < 500; ++row) {
    cells.push_back(std::uint32_t(draws.below(9)));
    strata.push_back(cells.back() / 3);
  }
  const BootstrapSample sample = stratified_sample(cells, strata);
  const Statistics first = [](std::span<const std::uint32_t> counts, std::span<double> out) {
    out[0] = counts[0];
    out[1] = counts[8];
  };
  const auto values = [&](int threads) {
    return bootstrap(sample, 2, first, {.seed = 5, .resamples = 300, .threads = threads}).values;
  };
  EXPECT_EQ(values(1), values(2));
  EXPECT_EQ(values(1), values(5));
  EXPECT_NE(values(1), bootstrap(sample, 2, first, {.seed = 6, .resamples = 300}).values);
}

TEST(Bootstrap, keeps_the_size_of_each_stratum) {
  const std::vector<std::uint32_t> cells{0, 0, 1, 2, 2, 2, 3}, strata{0, 0, 0, 1, 1, 1, 1};
  const Statistics sizes = [](std::span<const std::uint32_t> counts, std::span<double> out) {
    out[0] = counts[0] + counts[1];
    out[1] = counts[2] + counts[3];
  };
  const Replicates r =
      bootstrap(stratified_sample(cells, strata), 2, sizes, {.resamples = 200, .threads = 1});
  EXPECT_EQ(r.of(0), std::vector<double>(200, 3.0));
  EXPECT_EQ(r.of(1), std::vector<double>(200, 4.0));
}

TEST(Bootstrap, accelerates_as_worked_by_hand) {
  const std::vector<double> values{0, 1, 1, 0, 1, 1, 1, 0, 1, 1};
  const Replicates r = bootstrap(rows_as_cells(10), 1, mean_of(values), {.resamples = 10});
  EXPECT_NEAR(r.acceleration[0], -0.0460043706, 1e-10);
  const Levels levels = bca_levels(0.48, r.acceleration[0], 0.95);
  EXPECT_NEAR(levels.low, 0.0117533889, 1e-10);
  EXPECT_NEAR(levels.high, 0.9559413211, 1e-10);
}

TEST(Bootstrap, has_the_intervals_of_scipy_up_to_the_noise_of_drawing) {
  const Json recorded = value_or_throw(read_json_file(std::filesystem::path(TEMPER_SOURCE_DIR) /
                                                      "tests/analysis/data/statistics.json"));
  for (const Json& row : recorded.at("bca")) {
    const auto values = row[0].get<std::vector<double>>();
    const Replicates r =
        bootstrap(rows_as_cells(values.size()), 1, mean_of(values), {.resamples = 20000});
    const Interval interval = bootstrap_interval(r, 0);
    const double width = row[2].get<double>() - row[1].get<double>();
    EXPECT_EQ(interval.method, "bootstrap, BCa");
    EXPECT_NEAR(interval.low, row[1].get<double>(), 0.03 * width);
    EXPECT_NEAR(interval.high, row[2].get<double>(), 0.03 * width);
  }
}

TEST(Bootstrap, covers_the_true_mean_about_as_often_as_it_says) {
  int covered = 0;
  for (std::uint64_t study = 0; study < 400; ++study) {
    Draws draws(study);
    std::vector<double> values;
    for (int i = 0; i < 60; ++i) values.push_back(double(draws.below(1000) + draws.below(1000)));
    const Interval interval =
        bootstrap_interval(bootstrap(rows_as_cells(60), 1, mean_of(values),
                                     {.seed = study, .resamples = 400, .threads = 1}),
                           0);
    covered += interval.low <= 999 && 999 <= interval.high;
  }
  EXPECT_GE(covered, 0.91 * 400);
  EXPECT_LE(covered, 0.98 * 400);
}

TEST(Bootstrap, says_when_there_is_nothing_to_vary) {
  const std::vector<double> values(20, 0.5);
  const Replicates r = bootstrap(rows_as_cells(20), 1, mean_of(values), {.resamples = 50});
  EXPECT_EQ(bootstrap_interval(r, 0).method, "bootstrap, all replicates equal");
  EXPECT_EQ(bootstrap_interval(r, 0).low, 0.5);
}

TEST(Bootstrap, finds_a_difference_that_is_there_and_none_that_is_not) {
  std::vector<double> shifted, centred;
  Draws draws(11);
  for (int i = 0; i < 200; ++i) {
    centred.push_back(i % 2 ? 1 : -1);
    shifted.push_back(centred.back() + 0.5);
  }
  const BootstrapSample sample = rows_as_cells(200);
  EXPECT_LT(bootstrap_p(bootstrap(sample, 1, mean_of(shifted), {.resamples = 2000}), 0), 0.001);
  EXPECT_GT(bootstrap_p(bootstrap(sample, 1, mean_of(centred), {.resamples = 2000}), 0), 0.9);
}

}  // namespace
}  // namespace temper
