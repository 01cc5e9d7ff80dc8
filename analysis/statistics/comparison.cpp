#include "analysis/statistics/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/statistics/distributions.hpp"

namespace temper {

McNemar mcnemar(std::int64_t only_first, std::int64_t only_second) {
  McNemar test{only_first, only_second};
  const std::int64_t discordant = only_first + only_second, k = std::min(only_first, only_second);
  if (discordant == 0) return test;
  const double tail = fair_binomial_cdf(discordant, k);
  test.exact = std::min(1.0, 2 * tail);
  test.mid_p = only_first == only_second ? 1 : 2 * tail - fair_binomial_mass(discordant, k);
  return test;
}

std::vector<double> holm_adjusted(const std::vector<double>& p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, p_values[order[i]] * double(order.size() - i));
    adjusted[order[i]] = std::min(1.0, largest);
  }
  return adjusted;
}

double detectable_difference(double discordant_share, std::int64_t rows) {
  return (normal_quantile(0.975) + normal_quantile(0.8)) *
         std::sqrt(discordant_share / double(rows));
}

}  // namespace temper
