#include "train/step.hpp"

#include <array>
#include <cmath>

#include "train/lr_schedule.hpp"

namespace temper {

LossResult training_loss(const RunSpec& spec, const at::Tensor& logits, const PackedBatch& batch) {
  if (spec.model.task == "regression") return mean_squared_error(logits, batch.values);
  return cross_entropy(logits, batch.labels,
                       {spec.train.class_weights, spec.train.label_smoothing_factor});
}

Trainer::Trainer(const JobPlan& plan, const DocumentSource& train, ParamUnits& units,
                 const Layers& layers, const Group& dp)
    : plan_(plan),
      train_(train),
      layers_(layers),
      dp_(dp),
      source_(plan, train, dp.size(), dp.rank()),
      optimizer_(plan, units) {}

void Trainer::micro_batch(const std::vector<std::int64_t>& documents, std::int64_t step,
                          StepResult& mine) {
  if (documents.empty()) return;
  const auto seed = std::uint64_t(plan_.spec.train.seed);
  Stopwatch watch;
  const PackedBatch batch = source_.pack(documents, step);
  mine.phases.data += watch.lap();
  optimizer_.read(batch);
  mine.phases.optimizer += watch.lap();
  Stage::Saved saved;
  Head::Saved head_saved;
  const at::Tensor hidden = layers_.stage.forward(batch, seed, true, saved);
  const at::Tensor logits =
      layers_.head.forward(hidden, batch, seed, true, head_saved, saved.matrix);
  const LossResult loss = training_loss(plan_.spec, logits, batch);
  mine.phases.forward += watch.lap();
  const at::Tensor d_hidden =
      layers_.head.backward(loss.gradient, batch, seed, head_saved, saved.matrix);
  if (d_hidden.defined()) layers_.stage.backward(d_hidden, batch, seed, saved);
  mine.phases.backward += watch.lap();
  mine.matrix.flops += saved.matrix.flops;
  mine.matrix.seconds += saved.matrix.seconds;
  mine.loss_sum += loss.sum;
  mine.loss_weight += loss.weight;
  mine.documents += batch.size();
  mine.tokens += batch.tokens();
}

void Trainer::agree(StepResult& result, bool stop) {
  Stopwatch watch;
  std::array<double, 5> sums{result.loss_sum, result.loss_weight, double(result.documents),
                             double(result.tokens), stop ? 1.0 : 0.0};
  dp_.all_reduce_sum(sums.data(), std::int64_t(sums.size()), Dtype::f64);
  result.loss_sum = sums[0], result.loss_weight = sums[1];
  result.documents = std::int64_t(sums[2]), result.tokens = std::int64_t(sums[3]);
  result.stop = sums[4] > 0;
  result.phases.wait += watch.lap();
}

StepResult Trainer::step(std::int64_t step, bool stop) {
  Stopwatch whole, watch;
  const std::int64_t sent_before = dp_.bytes_sent();
  StepResult result;
  result.learning_rate = learning_rate_at(plan_.spec.train, plan_.batch, step);
  const std::vector<std::vector<std::int64_t>> batches = source_.micro_batches(step);
  result.phases.data += watch.lap();
  for (const std::vector<std::int64_t>& documents : batches) micro_batch(documents, step, result);
  agree(result, stop);
  const bool usable = std::isfinite(result.loss_sum) && result.loss_weight > 0;
  const Update update =
      optimizer_.step(result.learning_rate, result.loss_weight, usable, dp_, result.phases);
  result.grad_norm = update.grad_norm;
  result.skipped = update.skipped;
  result.bytes_sent = dp_.bytes_sent() - sent_before;
  result.seconds = whole.lap();
  return result;
}

}  // namespace temper
