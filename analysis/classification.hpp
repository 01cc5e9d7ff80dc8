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
  // A class outside [0, classes) is a broken promise.
  void add(std::int64_t truth, std::int64_t prediction, std::int64_t count = 1);
  // Row-major [truth, prediction]: sums over ranks before it is scored.
  std::vector<std::int64_t>& counts() { return counts_; }
  const std::vector<std::int64_t>& counts() const { return counts_; }
  std::int64_t total() const;

 private:
  std::int64_t classes_;
  std::vector<std::int64_t> counts_;
};

struct PrecisionRecallF1 {
  double precision = 0, recall = 0, f1 = 0;
  std::int64_t support = 0;
};

// `classes[positive]` is scikit-learn's average="binary" with pos_label = positive. kappa is NaN
// ("not defined") where only one class is ever met.
struct ClassificationScores {
  double accuracy = 0, balanced_accuracy = 0, matthews = 0, kappa = 0;
  std::vector<PrecisionRecallF1> classes;
  PrecisionRecallF1 micro, macro, weighted;
};

struct ScoreOptions {
  // The value of a quotient with denominator 0: 0, 1, or NaN, which averages leave out.
  double zero_division = 0;
  // Without: classes that are neither true nor predicted anywhere are left out of the macro
  // averages, as scikit-learn does when labels are not named. With: as if all were named.
  bool all_classes = false;
};

ClassificationScores score(const ConfusionMatrix& matrix, const ScoreOptions& options = {});

}  // namespace temper
