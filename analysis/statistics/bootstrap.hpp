// The bootstrap over rows, keyed by Philox: the same seed gives the same replicates on any number
// of threads.
//
// Rows that every statistic treats alike share a *cell* (for F1: the same truth and prediction), so
// a replicate is a vector of counts and a statistic a function of it:
//
//   BootstrapSample sample = stratified_sample(cell_of_row, stratum_of_row);
//   Replicates r = bootstrap(sample, 1, [](auto counts, auto out) { out[0] = macro_f1(counts); },
//   options);
//   Interval interval = bootstrap_interval(r, 0);
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "analysis/statistics/intervals.hpp"

namespace temper {

// Rows are drawn with replacement inside each stratum, so that every replicate has all classes.
struct BootstrapSample {
  std::vector<std::uint32_t> cells;          // of each row, strata one after another
  std::vector<std::int64_t> strata;          // begin of each stratum in `cells`, and the end
  std::vector<std::uint32_t> counts;         // of each cell, as observed
  std::vector<std::uint32_t> stratum_cells;  // stratum of each cell
};
// Cells are numbers from 0; a cell lies in one stratum. Without strata: one for all.
BootstrapSample stratified_sample(std::span<const std::uint32_t> cell_of_row,
                                  std::span<const std::uint32_t> stratum_of_row = {});

struct BootstrapOptions {
  std::uint64_t seed = 42;
  std::int64_t resamples = 10000;
  double confidence = 0.95;
  int threads = 0;           // 0: as many as the computer has cores
  bool acceleration = true;  // the jackknife of BCa; without: percentile intervals
};

// Statistics of counts; writes each to its place. Called from several threads.
using Statistics =
    std::function<void(std::span<const std::uint32_t> counts, std::span<double> out)>;

struct Replicates {
  std::size_t statistics = 0;
  std::vector<double> observed;      // [statistics]
  std::vector<double> values;        // [resamples, statistics]
  std::vector<double> acceleration;  // [statistics]; empty without
  double confidence = 0.95;
  std::vector<double> of(std::size_t statistic) const;  // sorted, NaN left out
};
Replicates bootstrap(const BootstrapSample& sample, std::size_t statistics,
                     const Statistics& compute, const BootstrapOptions& options);

// BCa (Efron 1987), or percentile where that is not possible; `method` says which and why.
Interval bootstrap_interval(const Replicates& replicates, std::size_t statistic);

// Two-sided p of "no difference" for a statistic that is a difference, with + 1.
double bootstrap_p(const Replicates& replicates, std::size_t statistic);

// The levels of the two ends from the share of replicates below the observed value (ties half) and
// the acceleration.
struct Levels {
  double low, high;
};
Levels bca_levels(double share_below, double acceleration, double confidence);

}  // namespace temper
