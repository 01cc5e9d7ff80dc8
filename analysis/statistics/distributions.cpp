#include "analysis/statistics/distributions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace temper {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Where the rising function reaches p, to the last bit between low and high.
template <class Function>
double root_by_bisection(const Function& rising, double p, double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (rising(middle) < p ? low : high) = middle;
  }
  return low + (high - low) / 2;
}

// ln of the binomial coefficient.
double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

// Lentz's method on the continued fraction; converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto guarded = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / guarded(1 - (a + b) * x / (a + 1)), fraction = d;
  for (int m = 1; m <= 100000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    fraction *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    fraction *= c * d;
    if (std::abs(c * d - 1) < 1e-16) break;
  }
  return fraction;
}

}  // namespace

double normal_cdf(double x) { return std::erfc(-x * M_SQRT1_2) / 2; }

double normal_quantile(double p) {
  if (p <= 0) return -kInfinity;
  if (p >= 1) return kInfinity;
  // The lower half keeps its digits: the upper one is its mirror image.
  if (p > 0.5) return -normal_quantile(1 - p);
  return p == 0.5 ? 0 : root_by_bisection(normal_cdf, p, -40, 0);
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_cdf(double t, double freedom) {
  const double tail = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2;
  return t < 0 ? tail : 1 - tail;
}

double student_quantile(double p, double freedom) {
  if (p <= 0) return -kInfinity;
  if (p >= 1) return kInfinity;
  if (p > 0.5) return -student_quantile(1 - p, freedom);
  double low = -1;
  while (student_cdf(low, freedom) > p) low *= 2;
  return p == 0.5 ? 0
                  : root_by_bisection([&](double t) { return student_cdf(t, freedom); }, p, low, 0);
}

double fair_binomial_mass(std::int64_t n, std::int64_t k) {
  if (k < 0 || k > n) return 0;
  return std::exp(log_choose(double(n), double(k)) - double(n) * M_LN2);
}

double fair_binomial_cdf(std::int64_t n, std::int64_t k) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  if (2 * k >= n) return 1 - fair_binomial_cdf(n, n - k - 1);
  // From the largest term downwards, each from the one before.
  double term = fair_binomial_mass(n, k), sum = 0;
  for (std::int64_t i = k; i >= 0 && term > sum * 1e-18; --i) {
    sum += term;
    term *= double(i) / double(n - i + 1);
  }
  return std::min(1.0, sum);
}

double binomial_cdf(std::int64_t n, double p, std::int64_t k) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incomplete_beta(double(n - k), double(k + 1), 1 - p);
}

}  // namespace temper
