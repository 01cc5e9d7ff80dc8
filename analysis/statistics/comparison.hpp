// Tests of paired classifiers, and what many tests at once cost.
//
//   const McNemar test = mcnemar(583, 499);   // only the first right, only the second right
//   test.p();                                 // 0.0107
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace temper {

// Two classifiers on the same rows: only the rows that one gets right and the other wrong count
// (McNemar 1947). Below 25 of them the exact binomial test decides, from there on its mid-p form
// (Fagerland et al. 2013).
struct McNemar {
  std::int64_t only_first = 0, only_second = 0;
  double exact = 1, mid_p = 1;
  double p() const { return only_first + only_second < 25 ? exact : mid_p; }
  std::string method() const {
    return only_first + only_second < 25 ? "McNemar, exact" : "McNemar, mid-p";
  }
};
McNemar mcnemar(std::int64_t only_first, std::int64_t only_second);

// Adjusted p values of a family of tests, in the order given (Holm 1979).
std::vector<double> holm_adjusted(const std::vector<double>& p_values);

// The difference of accuracy that McNemar's test finds with 80 % power at the 5 % level, when a
// share of the rows is discordant (Card et al. 2020).
double detectable_difference(double discordant_share, std::int64_t rows);

}  // namespace temper
