#include "train/objective.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "loss/loss.hpp"
#include "plan/estimates.hpp"

namespace temper {

namespace {

// The loss of the rows that have a class, with a gradient for all rows.
LossResult loss_of_tokens(const at::Tensor& logits, const std::vector<std::int32_t>& targets,
                          const CrossEntropyOptions& options) {
  std::vector<std::int64_t> rows, labels;
  for (std::size_t t = 0; t < targets.size(); ++t)
    if (targets[t] >= 0) rows.push_back(std::int64_t(t)), labels.push_back(targets[t]);
  at::Tensor index = at::empty({std::int64_t(rows.size())}, at::dtype(at::kLong));
  std::copy(rows.begin(), rows.end(), index.data_ptr<std::int64_t>());
  LossResult loss = cross_entropy(logits.index_select(0, index), labels, options);
  at::Tensor gradient = at::zeros(logits.sizes(), logits.options());
  gradient.index_copy_(0, index, loss.gradient);
  loss.gradient = gradient;
  return loss;
}

}  // namespace

Objective::Objective(const JobPlan& plan, const Head& head)
    : head_(head),
      kind_(plan.model.head.kind),
      regression_(plan.spec.model.task == "regression"),
      train_(plan.spec.train) {}

ObjectiveResult Objective::train(const at::Tensor& hidden, const PackedBatch& batch,
                                 MatrixUse& use) const {
  return kind_ == HeadKind::language ? train_language(hidden, batch, use)
                                     : train_outputs(hidden, batch, use);
}

ObjectiveResult Objective::train_language(const at::Tensor& hidden, const PackedBatch& batch,
                                          MatrixUse& use) const {
  LanguageLossOptions options{.chunk_tokens = kLogitRowsAtOnce};
  options.loss.label_smoothing = train_.label_smoothing_factor;
  options.loss.z_loss = train_.z_loss;
  LanguageLoss loss = head_.language_loss(hidden, batch, options, true, use);
  const auto count = std::int64_t(loss.tokens.size());
  return {loss.sum, double(count), count, std::move(loss.d_hidden)};
}

ObjectiveResult Objective::train_outputs(const at::Tensor& hidden, const PackedBatch& batch,
                                         MatrixUse& use) const {
  const auto seed = std::uint64_t(train_.seed);
  Head::Saved saved;
  const at::Tensor logits = head_.forward(hidden, batch, seed, true, saved, use);
  const CrossEntropyOptions options{train_.class_weights, train_.label_smoothing_factor};
  const bool tokens = kind_ == HeadKind::tokens;
  const LossResult loss = regression_ ? mean_squared_error(logits, batch.values)
                          : tokens    ? loss_of_tokens(logits, batch.targets, options)
                                      : cross_entropy(logits, batch.labels, options);
  const std::int64_t count = tokens ? std::count_if(batch.targets.begin(), batch.targets.end(),
                                                    [](std::int32_t target) { return target >= 0; })
                                    : batch.size();
  return {loss.sum, loss.weight, count, head_.backward(loss.gradient, batch, seed, saved, use)};
}

}  // namespace temper
