#include "train/optimizer.hpp"

#include <cmath>

#include "kernels/adamw.hpp"
#include "model/dispatch.hpp"

namespace temper {

namespace {

Dtype wire_dtype(at::ScalarType dtype) {
  return dtype == at::kDouble ? Dtype::f64 : dtype == at::kBFloat16 ? Dtype::bf16 : Dtype::f32;
}

SquareSum squares_of(const at::Tensor& gradients, const Extent& part) {
  return gradients.scalar_type() == at::kDouble
             ? square_sum(data<double>(gradients) + part.begin, part.size())
             : square_sum(data<float>(gradients) + part.begin, part.size());
}

bool is_dense(const ParamUnit& unit) { return unit.trained() && !unit.sparse; }

}  // namespace

Optimizer::Optimizer(const JobPlan& plan, ParamUnits& units)
    : train_(plan.spec.train), zero_stage_(plan.spec.parallel.zero_stage), units_(units) {
  for (ParamUnit& unit : units_.all())
    if (unit.sparse) rows_.emplace(unit, plan.model.block.hidden);
}

void Optimizer::read(const PackedBatch& batch) {
  if (rows_) rows_->read(batch);
}

void Optimizer::reduce(const Group& dp) {
  for (ParamUnit& unit : units_.all()) {
    if (!is_dense(unit)) continue;
    const Dtype dtype = wire_dtype(unit.gradients.scalar_type());
    if (zero_stage_ == 0)
      dp.all_reduce_sum(unit.gradients.data_ptr(), unit.layout.length, dtype);
    else
      dp.reduce_scatter_sum(unit.gradients.data_ptr(), unit.part.size(), dtype);
  }
  if (rows_) rows_->reduce(dp);
}

SquareSum Optimizer::squares(const Group& dp) const {
  std::vector<double> parts;
  for (const ParamUnit& unit : units_.all()) {
    if (!is_dense(unit)) continue;
    const SquareSum part = squares_of(unit.gradients, unit.part);
    parts.push_back(part.sum);
    parts.push_back(double(part.not_finite));
  }
  dp.all_reduce_sum(parts.data(), std::int64_t(parts.size()), Dtype::f64);
  SquareSum total = rows_ ? rows_->squares() : SquareSum{};
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    total.sum += parts[i];
    total.not_finite += std::int64_t(parts[i + 1]);
  }
  return total;
}

void Optimizer::update(const AdamWStep& step) {
  for (ParamUnit& unit : units_.all()) {
    if (!is_dense(unit)) continue;
    dispatch(unit.weights.scalar_type(), [&]<class T>() {
      for (const UpdateRun& run : unit.runs) {
        AdamWStep scaled = step;
        scaled.learning_rate *= run.lr_scale;
        const std::int64_t at = run.extent.begin, kept = at - unit.owned.begin;
        std::int16_t* low = data<std::int16_t>(unit.low);
        adamw<T>(data<T>(unit.weights) + at, low == nullptr ? nullptr : low + kept,
                 accumulator<T>(unit.gradients) + at, accumulator<T>(unit.first) + kept,
                 accumulator<T>(unit.second) + kept, run.extent.size(), run.weight_decay, scaled);
      }
    });
  }
  if (rows_) rows_->update(step);
}

void Optimizer::gather(const Group& dp) {
  if (zero_stage_ == 0) return;
  for (ParamUnit& unit : units_.all())
    if (is_dense(unit))
      dp.all_gather(unit.weights.data_ptr(), unit.part.size(),
                    wire_dtype(unit.weights.scalar_type()));
}

void Optimizer::clear() {
  for (ParamUnit& unit : units_.all())
    if (is_dense(unit)) unit.gradients.zero_();
}

Update Optimizer::step(double learning_rate, double loss_weight, bool loss_is_finite,
                       const Group& dp, Phases& phases) {
  Stopwatch watch;
  reduce(dp);
  phases.communication += watch.lap();
  const SquareSum total = squares(dp);
  Update result{.grad_norm = std::sqrt(total.sum) / loss_weight};
  result.skipped = !loss_is_finite || total.not_finite > 0 || !std::isfinite(result.grad_norm);
  if (result.skipped) {
    if (rows_) rows_->skip();
  } else {
    AdamWStep step = adamw_step(learning_rate, train_.adam_beta1, train_.adam_beta2,
                                train_.adam_epsilon, ++updates_);
    // torch.nn.utils.clip_grad_norm_
    const double clip = train_.max_grad_norm / (result.grad_norm + 1e-6);
    step.gradient_scale = (train_.max_grad_norm > 0 && clip < 1 ? clip : 1) / loss_weight;
    update(step);
  }
  clear();
  phases.optimizer += watch.lap();
  if (!result.skipped) gather(dp);
  phases.communication += watch.lap();
  return result;
}

void Optimizer::settle() {
  if (rows_) rows_->settle();
}

}  // namespace temper
