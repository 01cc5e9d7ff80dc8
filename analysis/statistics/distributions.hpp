// The few distribution functions that intervals and tests need, equal to SciPy's to 1e-9 or better.
#pragma once

#include <cstdint>

namespace temper {

double normal_cdf(double x);
// p in (0, 1); the ends give infinities.
double normal_quantile(double p);

// Student's t with `freedom` > 0 degrees of freedom.
double student_cdf(double t, double freedom);
double student_quantile(double p, double freedom);

// The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22).
double incomplete_beta(double a, double b, double x);

// Binomial(n, 1/2): P(X = k) and P(X <= k).
double fair_binomial_mass(std::int64_t n, std::int64_t k);
double fair_binomial_cdf(std::int64_t n, std::int64_t k);
// Binomial(n, p): P(X <= k).
double binomial_cdf(std::int64_t n, double p, std::int64_t k);

}  // namespace temper
