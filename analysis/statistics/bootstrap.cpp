#include "analysis/statistics/bootstrap.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <limits>
#include <numeric>
#include <thread>

#include "analysis/statistics/distributions.hpp"
#include "core/contract.hpp"
#include "core/philox.hpp"

namespace temper {
namespace {

// One replicate: draws inside each stratum. Counter: (draw / 4, replicate, purpose).
void draw(const BootstrapSample& sample, PhiloxKey key, std::uint64_t replicate,
          std::span<std::uint32_t> counts) {
  std::fill(counts.begin(), counts.end(), 0u);
  std::uint32_t block = 0;
  for (std::size_t s = 0; s + 1 < sample.strata.size(); ++s) {
    const std::uint32_t* rows = sample.cells.data() + sample.strata[s];
    const auto size = std::uint64_t(sample.strata[s + 1] - sample.strata[s]);
    for (std::uint64_t drawn = 0; drawn < size; drawn += 4, ++block) {
      const auto words =
          philox(key, {block, std::uint32_t(replicate), std::uint32_t(replicate >> 32),
                       purpose_word(Purpose::bootstrap)});
      const std::uint64_t left = std::min<std::uint64_t>(4, size - drawn);
      for (std::uint64_t i = 0; i < left; ++i) ++counts[rows[words[i] * size >> 32]];
    }
  }
}

// Each replicate on some thread; which one changes nothing.
template <class Work>
void in_parallel(std::int64_t count, int threads, const Work& work) {
  if (threads <= 0) threads = int(std::max(1u, std::thread::hardware_concurrency()));
  threads = int(std::min<std::int64_t>(threads, std::max<std::int64_t>(1, count / 8)));
  std::atomic<std::int64_t> next{0};
  std::vector<std::exception_ptr> failures(std::size_t(threads), nullptr);
  const auto run = [&](int thread) {
    try {
      work(next);
    } catch (...) {
      failures[std::size_t(thread)] = std::current_exception();
    }
  };
  std::vector<std::jthread> helpers;
  for (int thread = 1; thread < threads; ++thread) helpers.emplace_back(run, thread);
  run(0);
  helpers.clear();
  for (const auto& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

// The skewness of the influence of one row, over strata (Davison and Hinkley 1997, section 5.4).
// Rows of a cell leave the same value.
std::vector<double> accelerations(const BootstrapSample& sample, std::size_t statistics,
                                  const Statistics& compute) {
  const std::size_t cells = sample.counts.size(), strata = sample.strata.size() - 1;
  std::vector<double> without(cells * statistics);
  std::vector<std::uint32_t> counts = sample.counts;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    if (sample.counts[cell] == 0) continue;
    --counts[cell];
    compute(counts, std::span(without).subspan(cell * statistics, statistics));
    ++counts[cell];
  }
  std::vector<double> result;
  for (std::size_t k = 0; k < statistics; ++k) {
    std::vector<double> means(strata, 0), squares(strata, 0), cubes(strata, 0);
    const auto rows = [&](std::size_t s) {
      return double(sample.strata[s + 1] - sample.strata[s]);
    };
    for (std::size_t cell = 0; cell < cells; ++cell)
      if (sample.counts[cell] > 0)
        means[sample.stratum_cells[cell]] +=
            sample.counts[cell] * without[cell * statistics + k] / rows(sample.stratum_cells[cell]);
    for (std::size_t cell = 0; cell < cells; ++cell) {
      if (sample.counts[cell] == 0) continue;
      const std::size_t s = sample.stratum_cells[cell];
      const double influence =
          (rows(s) - 1) * (means[s] - without[cell * statistics + k]) / rows(s);
      squares[s] += sample.counts[cell] * influence * influence;
      cubes[s] += sample.counts[cell] * influence * influence * influence;
    }
    const double square = std::accumulate(squares.begin(), squares.end(), 0.0);
    const double cube = std::accumulate(cubes.begin(), cubes.end(), 0.0);
    result.push_back(square > 0 ? cube / (6 * std::pow(square, 1.5)) : 0);
  }
  return result;
}

}  // namespace

BootstrapSample stratified_sample(std::span<const std::uint32_t> cell_of_row,
                                  std::span<const std::uint32_t> stratum_of_row) {
  expects(stratum_of_row.empty() || stratum_of_row.size() == cell_of_row.size(),
          "each row has a stratum");
  const auto stratum = [&](std::size_t row) {
    return stratum_of_row.empty() ? 0u : stratum_of_row[row];
  };
  std::size_t cells = 0, strata = 1;
  for (std::size_t row = 0; row < cell_of_row.size(); ++row) {
    cells = std::max<std::size_t>(cells, cell_of_row[row] + 1);
    strata = std::max<std::size_t>(strata, stratum(row) + 1);
  }
  BootstrapSample sample;
  sample.counts.assign(cells, 0);
  sample.stratum_cells.assign(cells, 0);
  sample.strata.assign(strata + 1, 0);
  for (std::size_t row = 0; row < cell_of_row.size(); ++row) {
    ++sample.counts[cell_of_row[row]];
    sample.stratum_cells[cell_of_row[row]] = stratum(row);
    ++sample.strata[stratum(row) + 1];
  }
  std::partial_sum(sample.strata.begin(), sample.strata.end(), sample.strata.begin());
  std::vector<std::int64_t> place(sample.strata.begin(), sample.strata.end() - 1);
  sample.cells.resize(cell_of_row.size());
  for (std::size_t row = 0; row < cell_of_row.size(); ++row)
    sample.cells[std::size_t(place[stratum(row)]++)] = cell_of_row[row];
  return sample;
}

Replicates bootstrap(const BootstrapSample& sample, std::size_t statistics,
                     const Statistics& compute, const BootstrapOptions& options) {
  Replicates replicates;
  replicates.statistics = statistics;
  replicates.confidence = options.confidence;
  replicates.observed.resize(statistics);
  compute(sample.counts, replicates.observed);
  replicates.values.resize(std::size_t(options.resamples) * statistics);
  in_parallel(options.resamples, options.threads, [&](std::atomic<std::int64_t>& next) {
    std::vector<std::uint32_t> counts(sample.counts.size());
    for (std::int64_t r = next++; r < options.resamples; r = next++) {
      draw(sample, philox_key(options.seed), std::uint64_t(r), counts);
      compute(counts,
              std::span(replicates.values).subspan(std::size_t(r) * statistics, statistics));
    }
  });
  if (options.acceleration) replicates.acceleration = accelerations(sample, statistics, compute);
  return replicates;
}

std::vector<double> Replicates::of(std::size_t statistic) const {
  std::vector<double> sorted;
  for (std::size_t i = statistic; i < values.size(); i += statistics)
    if (!std::isnan(values[i])) sorted.push_back(values[i]);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

Levels bca_levels(double share_below, double acceleration, double confidence) {
  const double z0 = normal_quantile(share_below), z = normal_quantile(0.5 + confidence / 2);
  const auto level = [&](double at) {
    return normal_cdf(z0 + (z0 + at) / (1 - acceleration * (z0 + at)));
  };
  return {level(-z), level(z)};
}

Interval bootstrap_interval(const Replicates& replicates, std::size_t statistic) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> sorted = replicates.of(statistic);
  if (sorted.empty()) return {kNone, kNone, "not defined"};
  const double observed = replicates.observed[statistic];
  if (sorted.front() == sorted.back())
    return {sorted.front(), sorted.back(), "bootstrap, all replicates equal"};
  const auto below = std::lower_bound(sorted.begin(), sorted.end(), observed) - sorted.begin();
  const auto upto = std::upper_bound(sorted.begin(), sorted.end(), observed) - sorted.begin();
  const double share = (double(below) + double(upto)) / 2 / double(sorted.size());
  const double tail = (1 - replicates.confidence) / 2;
  if (replicates.acceleration.empty() || share <= 0 || share >= 1)
    return {quantile(sorted, tail), quantile(sorted, 1 - tail), "bootstrap, percentile"};
  const Levels levels =
      bca_levels(share, replicates.acceleration[statistic], replicates.confidence);
  return {quantile(sorted, levels.low), quantile(sorted, levels.high), "bootstrap, BCa"};
}

double bootstrap_p(const Replicates& replicates, std::size_t statistic) {
  const double observed = replicates.observed[statistic];
  std::int64_t extreme = 0, total = 0;
  for (std::size_t i = statistic; i < replicates.values.size(); i += replicates.statistics) {
    if (std::isnan(replicates.values[i])) continue;
    ++total;
    extreme += std::abs(replicates.values[i] - observed) >= std::abs(observed);
  }
  return double(1 + extreme) / double(total + 1);
}

}  // namespace temper
