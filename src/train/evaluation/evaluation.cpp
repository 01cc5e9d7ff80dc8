#include "train/evaluation/evaluation.hpp"

#include <algorithm>
#include <numeric>

#include "plan/estimates.hpp"
#include "train/batch_source.hpp"
#include "train/evaluation/scores.hpp"
#include "train/phases.hpp"

namespace temper {

namespace {

constexpr std::int64_t kTokensAtOnce = 1024;

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

// What each row was found to be, as doubles: one rank computes a row and the others add 0, so that
// the sum over the ranks has the same bits for any number of them.
class Findings {
 public:
  Findings(const JobPlan& plan, const DocumentSource& split, Evaluation& evaluation)
      : kind_(plan.model.head.kind), split_(split), e_(evaluation) {
    std::int64_t width = e_.labels;
    if (kind_ == HeadKind::language) width = 3;  // nll, tokens, correct
    if (kind_ == HeadKind::tokens) {
      find_token_classes();
      values_.assign(2 * e_.token_truth.size(), 0.0);  // nll, prediction
    } else {
      values_.assign(e_.rows.size() * std::size_t(width), 0.0);
    }
  }

  // `rows` are those of the batch, in its order. Local.
  void add(const std::vector<std::size_t>& rows, const PackedBatch& batch, const at::Tensor& hidden,
           const Head& head) {
    MatrixUse use;
    if (kind_ == HeadKind::language) {
      const LanguageLossOptions options{.loss = {}, .chunk_tokens = kLogitRowsAtOnce};
      return add_language(rows, batch, head.language_loss(hidden, batch, options, false, use));
    }
    Head::Saved saved;
    const at::Tensor logits =
        head.forward(hidden, batch, 0, false, saved, use).to(at::kDouble).contiguous();
    if (kind_ == HeadKind::tokens) return add_tokens(rows, batch, logits);
    for (std::size_t n = 0; n < rows.size(); ++n)
      std::copy_n(logits.const_data_ptr<double>() + std::int64_t(n) * e_.labels, e_.labels,
                  values_.begin() + std::int64_t(rows[n]) * e_.labels);
  }

  // Collective over: dp.
  void collect(const Group& dp) {
    dp.all_reduce_sum(values_.data(), std::int64_t(values_.size()), Dtype::f64);
    if (kind_ == HeadKind::language) return collect_language();
    if (kind_ == HeadKind::sequence) {
      e_.logits = std::move(values_);
      return;
    }
    for (std::size_t t = 0; t < e_.token_truth.size(); ++t) {
      e_.token_nll.push_back(values_[2 * t]);
      e_.token_prediction.push_back(std::int32_t(values_[2 * t + 1]));
    }
  }

 private:
  void find_token_classes() {
    std::vector<std::int32_t> labels;
    e_.offsets = {0};
    for (const std::int64_t row : e_.rows) {
      labels.resize(std::size_t(split_.length(row)));
      split_.read_token_labels(row, labels.data());
      for (const std::int32_t label : labels)
        if (label >= 0) e_.token_truth.push_back(label);
      e_.offsets.push_back(std::int64_t(e_.token_truth.size()));
    }
  }

  void add_language(const std::vector<std::size_t>& rows, const PackedBatch& batch,
                    const LanguageLoss& loss) {
    std::size_t next = 0;
    for (std::size_t n = 0; n < rows.size(); ++n) {
      double* sums = values_.data() + 3 * rows[n];
      for (std::int64_t t = batch.offsets[n]; t < batch.offsets[n + 1]; ++t) {
        if (batch.targets[std::size_t(t)] < 0) continue;
        const TokenLoss& token = loss.tokens[next++];
        sums[0] += token.nll, sums[1] += 1, sums[2] += token.correct ? 1 : 0;
      }
    }
  }
  void collect_language() {
    for (std::size_t i = 0; i < e_.rows.size(); ++i)
      e_.documents.push_back({values_[3 * i], std::int64_t(values_[3 * i + 1]),
                              std::int64_t(values_[3 * i + 2]), split_.trained_bytes(e_.rows[i])});
  }

  void add_tokens(const std::vector<std::size_t>& rows, const PackedBatch& batch,
                  const at::Tensor& logits) {
    for (std::size_t n = 0; n < rows.size(); ++n) {
      double* found = values_.data() + 2 * e_.offsets[rows[n]];
      for (std::int64_t t = batch.offsets[n]; t < batch.offsets[n + 1]; ++t) {
        const std::int32_t target = batch.targets[std::size_t(t)];
        if (target < 0) continue;
        const double* row = logits.const_data_ptr<double>() + t * e_.labels;
        double log_sum = 0;
        softmax(row, e_.labels, log_sum);
        *found++ = log_sum - row[target];
        *found++ = double(largest_class(row, e_.labels));
      }
    }
  }

  HeadKind kind_;
  const DocumentSource& split_;
  Evaluation& e_;
  std::vector<double> values_;
};

}  // namespace

Evaluation evaluate(const JobPlan& plan, const DocumentSource& split,
                    std::vector<std::int64_t> rows, const Layers& layers, const Group& dp) {
  Stopwatch watch;
  Evaluation e{.rows = std::move(rows), .labels = plan.model.num_labels};
  Findings findings(plan, split, e);
  const TargetRule targets = evaluation_targets(plan.spec);
  const std::vector<std::vector<std::size_t>> batches = batches_of(split, e.rows);
  for (std::size_t b = std::size_t(dp.rank()); b < batches.size(); b += std::size_t(dp.size())) {
    std::vector<std::int64_t> documents;
    for (const std::size_t row : batches[b]) documents.push_back(e.rows[row]);
    const PackedBatch batch = pack_documents(split, documents, 0, targets);
    Stage::Saved saved;
    findings.add(batches[b], batch, layers.stage.forward(batch, 0, false, saved), layers.head);
  }
  findings.collect(dp);
  e.metrics = metrics_of(plan, split, e);
  e.seconds = watch.lap();
  return e;
}

}  // namespace temper
