// Scores of a classification, equal to scikit-learn's to the last digits, zero divisions included.
//
//   ConfusionMatrix matrix(3);
//   matrix.add(truth, prediction);                       // or add a count
//   const ClassificationScores scores = score(matrix);   // scores.macro.f1
#pragma once

#include <cstdint>
#include <vector>

namespace temper {

class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::int64_t classes)
      : classes_(classes), counts_(std::size_t(classes * classes), 0) {}
  std::int64_t classes() const { return classes_; }
  std::int64_t at(std::int64_t truth, std::int64_t prediction) const {
    return counts_[std::size_t(truth * classes_ + prediction)];
  }
  void add(std::int64_t truth, std::int64_t prediction, std::int64_t count = 1);
  // Row-major [truth, prediction]: sums over ranks before it is scored.
  std::vector<std::int64_t>& counts() { return counts_; }
  const std::vector<std::int64_t>& counts() const { return counts_; }

 private:
  std::int64_t classes_;
  std::vector<std::int64_t> counts_;
};

struct PrecisionRecallF1 {
  double precision = 0, recall = 0, f1 = 0;
  std::int64_t support = 0;
};

// Classes that are neither true nor predicted anywhere are left out of the macro averages, as
// scikit-learn does when labels are not named.
struct ClassificationScores {
  double accuracy = 0, balanced_accuracy = 0;
  std::vector<PrecisionRecallF1> classes;
  PrecisionRecallF1 micro, macro, weighted;
};

// A quotient with denominator 0 is 0 (zero_division = 0).
ClassificationScores score(const ConfusionMatrix& matrix);

}  // namespace temper
