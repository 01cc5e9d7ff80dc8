#include "train/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/classification.hpp"
#include "analysis/regression.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "train/batch_source.hpp"
#include "train/phases.hpp"

namespace temper {

namespace {

constexpr std::int64_t kTokensAtOnce = 1024;

bool is_regression(const JobPlan& plan) { return plan.spec.model.task == "regression"; }

// Indices into `rows`, documents of like length together, cut at a budget of tokens.
std::vector<std::vector<std::size_t>> batches_of(const DocumentSource& split,
                                                 const std::vector<std::int64_t>& rows) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return split.length(rows[a]) > split.length(rows[b]);
  });
  std::vector<std::vector<std::size_t>> batches;
  std::int64_t tokens = kTokensAtOnce;
  for (const std::size_t row : order) {
    const std::int64_t length = split.length(rows[row]);
    if (tokens + length > kTokensAtOnce) {
      batches.emplace_back();
      tokens = 0;
    }
    batches.back().push_back(row);
    tokens += length;
  }
  return batches;
}

// Softmax in fp64, and the logarithm of its denominator.
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

void score_classes(const DocumentSource& split, Evaluation& e) {
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
  const ClassificationScores s = score(matrix);
  e.metrics = {{"loss", loss / double(e.rows.size())},
               {"accuracy", s.accuracy},
               {"macro_f1", s.macro.f1},
               {"micro_f1", s.micro.f1},
               {"weighted_f1", s.weighted.f1},
               {"macro_precision", s.macro.precision},
               {"macro_recall", s.macro.recall},
               {"balanced_accuracy", s.balanced_accuracy}};
}

void score_values(const DocumentSource& split, Evaluation& e) {
  std::vector<double> truth;
  for (const std::int64_t row : e.rows) truth.push_back(split.value(row));
  const RegressionScores s = score_regression(truth, e.logits);
  e.metrics = {
      {"loss", s.mse}, {"mse", s.mse}, {"mae", s.mae}, {"r2", s.r2}, {"pearson", s.pearson}};
}

}  // namespace

Evaluation evaluate(const JobPlan& plan, const DocumentSource& split,
                    std::vector<std::int64_t> rows, const Layers& layers, const Group& dp) {
  Stopwatch watch;
  Evaluation e{.rows = std::move(rows), .labels = plan.model.num_labels};
  e.logits.assign(e.rows.size() * std::size_t(e.labels), 0.0);
  const std::vector<std::vector<std::size_t>> batches = batches_of(split, e.rows);
  for (std::size_t b = std::size_t(dp.rank()); b < batches.size(); b += std::size_t(dp.size())) {
    std::vector<std::int64_t> documents;
    for (const std::size_t row : batches[b]) documents.push_back(e.rows[row]);
    Stage::Saved saved;
    Head::Saved head_saved;
    const PackedBatch batch = pack_documents(split, documents, 0, evaluation_targets(plan.spec));
    const at::Tensor hidden = layers.stage.forward(batch, 0, false, saved);
    const at::Tensor logits = layers.head.forward(hidden, batch, 0, false, head_saved, saved.matrix)
                                  .to(at::kDouble)
                                  .contiguous();
    for (std::size_t n = 0; n < batches[b].size(); ++n)
      std::copy_n(logits.const_data_ptr<double>() + std::int64_t(n) * e.labels, e.labels,
                  e.logits.begin() + std::int64_t(batches[b][n]) * e.labels);
  }
  // Each row was computed by one rank and is 0 on the others.
  dp.all_reduce_sum(e.logits.data(), std::int64_t(e.logits.size()), Dtype::f64);
  if (is_regression(plan))
    score_values(split, e);
  else
    score_classes(split, e);
  e.seconds = watch.lap();
  return e;
}

void write_predictions(const std::filesystem::path& path, const JobPlan& plan,
                       const DocumentSource& split, const Evaluation& evaluation) {
  std::string lines;
  for (std::size_t i = 0; i < evaluation.rows.size(); ++i) {
    const double* logits = evaluation.logits.data() + std::int64_t(i) * evaluation.labels;
    const std::int64_t row = evaluation.rows[i];
    Json line = {{"id", split.id(row)}};
    if (is_regression(plan)) {
      line["label"] = split.value(row);
      line["prediction"] = logits[0];
      line["scores"] = {logits[0]};
    } else {
      double log_sum = 0;
      line["label"] = split.label(row);
      line["prediction"] = largest_class(logits, evaluation.labels);
      line["scores"] = softmax(logits, evaluation.labels, log_sum);
    }
    lines += line.dump() + "\n";
  }
  write_file_atomically(path, lines);
}

}  // namespace temper
