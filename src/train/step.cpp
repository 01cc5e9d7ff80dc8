#include "train/step.hpp"

#include <array>
#include <cmath>

#include "train/lr_schedule.hpp"

namespace temper {

Trainer::Trainer(const JobPlan& plan, const DocumentSource& train, ParamUnits& units,
                 const Layers& layers, const Group& dp)
    : plan_(plan),
      stage_(layers.stage),
      dp_(dp),
      source_(plan, train, dp.size(), dp.rank()),
      objective_(plan, layers.head),
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
  const at::Tensor hidden = stage_.forward(batch, seed, true, saved);
  mine.phases.forward += watch.lap();
  // Head and loss go forward and back at once: both count as backward.
  const ObjectiveResult loss = objective_.train(hidden, batch, saved.matrix);
  if (loss.d_hidden.defined()) stage_.backward(loss.d_hidden, batch, seed, saved);
  mine.phases.backward += watch.lap();
  mine.matrix.flops += saved.matrix.flops;
  mine.matrix.seconds += saved.matrix.seconds;
  mine.loss_sum += loss.loss_sum;
  mine.loss_weight += loss.loss_weight;
  mine.loss_tokens += loss.loss_tokens;
  mine.documents += batch.size();
  mine.tokens += batch.tokens();
}

void Trainer::agree(StepResult& result, bool stop) {
  Stopwatch watch;
  std::array<double, 6> sums{
      result.loss_sum,       result.loss_weight,         double(result.documents),
      double(result.tokens), double(result.loss_tokens), stop ? 1.0 : 0.0};
  dp_.all_reduce_sum(sums.data(), std::int64_t(sums.size()), Dtype::f64);
  result.loss_sum = sums[0], result.loss_weight = sums[1];
  result.documents = std::int64_t(sums[2]), result.tokens = std::int64_t(sums[3]);
  result.loss_tokens = std::int64_t(sums[4]), result.stop = sums[5] > 0;
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
  const bool empty = result.loss_weight == 0 && result.loss_sum == 0;
  const bool usable = std::isfinite(result.loss_sum) && result.loss_weight > 0;
  const Update update =
      optimizer_.step(result.learning_rate, result.loss_weight, usable, dp_, result.phases);
  result.grad_norm = empty ? 0 : update.grad_norm;
  result.skipped = update.skipped && !empty;
  result.bytes_sent = dp_.bytes_sent() - sent_before;
  result.seconds = whole.lap();
  return result;
}

}  // namespace temper
