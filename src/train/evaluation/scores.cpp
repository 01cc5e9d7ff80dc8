#include "train/evaluation/scores.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/classification.hpp"
#include "analysis/entities.hpp"
#include "analysis/regression.hpp"

namespace temper {

namespace {

using Metrics = std::vector<std::pair<std::string, double>>;

Metrics class_metrics(const ConfusionMatrix& matrix, double loss) {
  const ClassificationScores s = score(matrix);
  return {{"loss", loss},
          {"accuracy", s.accuracy},
          {"macro_f1", s.macro.f1},
          {"micro_f1", s.micro.f1},
          {"weighted_f1", s.weighted.f1},
          {"macro_precision", s.macro.precision},
          {"macro_recall", s.macro.recall},
          {"balanced_accuracy", s.balanced_accuracy}};
}

Metrics score_documents(const DocumentSource& split, const Evaluation& e) {
  ConfusionMatrix matrix(e.labels);
  double loss = 0;
  for (std::size_t i = 0; i < e.rows.size(); ++i) {
    const double* logits = e.logits.data() + std::int64_t(i) * e.labels;
    const std::int64_t label = split.label(e.rows[i]);
    double log_sum = 0;
    softmax(logits, e.labels, log_sum);
    loss += log_sum - logits[label];
    matrix.add(label, largest_class(logits, e.labels));
  }
  return class_metrics(matrix, loss / double(e.rows.size()));
}

Metrics score_values(const DocumentSource& split, const Evaluation& e) {
  std::vector<double> truth;
  for (const std::int64_t row : e.rows) truth.push_back(split.value(row));
  const RegressionScores s = score_regression(truth, e.logits);
  return {{"loss", s.mse}, {"mse", s.mse}, {"mae", s.mae}, {"r2", s.r2}, {"pearson", s.pearson}};
}

Metrics score_tokens(const std::vector<std::string>& names, const Evaluation& e) {
  ConfusionMatrix matrix(e.labels);
  double loss = 0;
  for (std::size_t t = 0; t < e.token_truth.size(); ++t) {
    loss += e.token_nll[t];
    matrix.add(e.token_truth[t], e.token_prediction[t]);
  }
  Metrics metrics = class_metrics(matrix, loss / double(e.token_truth.size()));
  if (!are_entity_tags(names)) return metrics;
  EntityCounts counts;
  for (std::size_t i = 0; i + 1 < e.offsets.size(); ++i) {
    std::vector<std::string> truth, guess;
    for (std::int64_t t = e.offsets[i]; t < e.offsets[i + 1]; ++t) {
      truth.push_back(names.at(std::size_t(e.token_truth[std::size_t(t)])));
      guess.push_back(names.at(std::size_t(e.token_prediction[std::size_t(t)])));
    }
    counts += count_entities(truth, guess);
  }
  metrics.emplace_back("entity_f1", counts.f1());
  metrics.emplace_back("entity_precision", counts.precision());
  metrics.emplace_back("entity_recall", counts.recall());
  return metrics;
}

Metrics score_language(bool causal, const Evaluation& e) {
  double nll = 0;
  std::int64_t tokens = 0, correct = 0, bytes = 0;
  for (const DocumentScore& document : e.documents) {
    nll += document.nll;
    tokens += document.tokens, correct += document.correct, bytes += document.bytes;
  }
  const double loss = nll / double(tokens);
  Metrics metrics{{"loss", loss},
                  {"perplexity", std::exp(loss)},
                  {"token_accuracy", double(correct) / double(tokens)}};
  constexpr double kLn2 = 0.693147180559945309417;
  if (causal && bytes > 0) metrics.emplace_back("bits_per_byte", nll / (double(bytes) * kLn2));
  return metrics;
}

}  // namespace

std::vector<double> softmax(const double* logits, std::int64_t count, double& log_sum) {
  const double largest = *std::max_element(logits, logits + count);
  std::vector<double> p;
  double sum = 0;
  for (std::int64_t c = 0; c < count; ++c) sum += p.emplace_back(std::exp(logits[c] - largest));
  for (double& value : p) value /= sum;
  log_sum = largest + std::log(sum);
  return p;
}

std::int64_t largest_class(const double* logits, std::int64_t count) {
  return std::max_element(logits, logits + count) - logits;
}

std::vector<std::pair<std::string, double>> metrics_of(const JobPlan& plan,
                                                       const DocumentSource& split,
                                                       const Evaluation& evaluation) {
  switch (plan.model.head.kind) {
    case HeadKind::language:
      return score_language(plan.spec.model.task == "causal-lm", evaluation);
    case HeadKind::tokens:
      return score_tokens(plan.label_names, evaluation);
    case HeadKind::sequence:
      return plan.spec.model.task == "regression" ? score_values(split, evaluation)
                                                  : score_documents(split, evaluation);
  }
  return {};
}

}  // namespace temper
