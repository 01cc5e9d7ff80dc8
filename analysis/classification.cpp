#include "analysis/classification.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "core/contract.hpp"

namespace temper {
namespace {

struct Margins {
  std::vector<std::int64_t> hits, truths, predictions;
  std::int64_t total = 0, hits_total = 0;
};

Margins margins_of(const ConfusionMatrix& matrix) {
  const std::int64_t classes = matrix.classes();
  Margins margins;
  for (auto* counts : {&margins.hits, &margins.truths, &margins.predictions})
    counts->assign(std::size_t(classes), 0);
  for (std::int64_t truth = 0; truth < classes; ++truth)
    for (std::int64_t prediction = 0; prediction < classes; ++prediction) {
      const std::int64_t count = matrix.at(truth, prediction);
      margins.truths[std::size_t(truth)] += count;
      margins.predictions[std::size_t(prediction)] += count;
      margins.total += count;
    }
  for (std::int64_t c = 0; c < classes; ++c)
    margins.hits_total += margins.hits[std::size_t(c)] = matrix.at(c, c);
  return margins;
}

double quotient(std::int64_t numerator, std::int64_t denominator, double zero_division) {
  return denominator == 0 ? zero_division : double(numerator) / double(denominator);
}

PrecisionRecallF1 scores_of(std::int64_t hits, std::int64_t predicted, std::int64_t support,
                            double zero_division) {
  return {quotient(hits, predicted, zero_division), quotient(hits, support, zero_division),
          quotient(2 * hits, predicted + support, zero_division), support};
}

// Weighted mean without NaN entries; where all weights are 0 the plain mean.
class Mean {
 public:
  void add(double value, double weight) {
    if (std::isnan(value)) return;
    ++count_;
    plain_ += value;
    weights_ += weight;
    weighted_ += value * weight;
  }
  double value() const {
    if (count_ == 0) return std::numeric_limits<double>::quiet_NaN();
    return weights_ == 0 ? plain_ / double(count_) : weighted_ / weights_;
  }

 private:
  std::int64_t count_ = 0;
  double plain_ = 0, weights_ = 0, weighted_ = 0;
};

PrecisionRecallF1 averaged(const ClassificationScores& scores, const Margins& margins,
                           bool by_support, bool all_classes) {
  Mean precision, recall, f1;
  for (std::size_t c = 0; c < scores.classes.size(); ++c) {
    const PrecisionRecallF1& one = scores.classes[c];
    if (!all_classes && one.support + margins.predictions[c] == 0) continue;
    const double weight = by_support ? double(one.support) : 1;
    precision.add(one.precision, weight);
    recall.add(one.recall, weight);
    f1.add(one.f1, weight);
  }
  return {precision.value(), recall.value(), f1.value(), margins.total};
}

double balanced_accuracy(const Margins& margins) {
  Mean recall;
  for (std::size_t c = 0; c < margins.hits.size(); ++c)
    if (margins.truths[c] > 0) recall.add(double(margins.hits[c]) / double(margins.truths[c]), 1);
  return recall.value();
}

// The covariance form for several classes (Gorodkin 2004); a zero factor in the denominator gives
// 0.
double matthews(const Margins& margins) {
  double both = 0, truth = 0, prediction = 0;
  for (std::size_t c = 0; c < margins.hits.size(); ++c) {
    const double t = double(margins.truths[c]), p = double(margins.predictions[c]);
    both += t * p;
    truth += t * t;
    prediction += p * p;
  }
  const double n = double(margins.total);
  const double spread = (n * n - prediction) * (n * n - truth);
  return spread == 0 ? 0 : (double(margins.hits_total) * n - both) / std::sqrt(spread);
}

// 1 - observed disagreement / disagreement expected from the margins (Cohen 1960).
double kappa(const Margins& margins) {
  const double n = double(margins.total);
  double by_chance = 0;
  for (std::size_t c = 0; c < margins.hits.size(); ++c)
    by_chance += double(margins.truths[c]) * double(margins.predictions[c]) / n;
  const double expected = n - by_chance;
  return expected == 0 ? std::numeric_limits<double>::quiet_NaN()
                       : 1 - (n - double(margins.hits_total)) / expected;
}

}  // namespace

void ConfusionMatrix::add(std::int64_t truth, std::int64_t prediction, std::int64_t count) {
  expects(truth >= 0 && truth < classes_ && prediction >= 0 && prediction < classes_,
          "a confusion matrix counts classes that it has");
  counts_[std::size_t(truth * classes_ + prediction)] += count;
}

std::int64_t ConfusionMatrix::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

ClassificationScores score(const ConfusionMatrix& matrix, const ScoreOptions& options) {
  const Margins margins = margins_of(matrix);
  ClassificationScores scores;
  for (std::size_t c = 0; c < margins.hits.size(); ++c)
    scores.classes.push_back(scores_of(margins.hits[c], margins.predictions[c], margins.truths[c],
                                       options.zero_division));
  scores.micro = scores_of(margins.hits_total, margins.total, margins.total, options.zero_division);
  scores.macro = averaged(scores, margins, false, options.all_classes);
  scores.weighted = averaged(scores, margins, true, options.all_classes);
  scores.accuracy = quotient(margins.hits_total, margins.total, 0);
  scores.balanced_accuracy = balanced_accuracy(margins);
  scores.matthews = matthews(margins);
  scores.kappa = kappa(margins);
  return scores;
}

}  // namespace temper
