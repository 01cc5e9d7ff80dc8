#include "train/lr_schedule.hpp"

#include <algorithm>
#include <cmath>

#include "core/contract.hpp"

namespace temper {

double learning_rate_at(const TrainSpec& train, const BatchPlan& batch, std::int64_t step) {
  const std::string& kind = train.lr_scheduler_type;
  if (kind == "constant") return train.learning_rate;
  const double done = double(step), warm = double(batch.warmup_steps);
  if (step < batch.warmup_steps) return train.learning_rate * done / std::max(1.0, warm);
  if (kind == "constant_with_warmup") return train.learning_rate;
  const double rest = std::max(1.0, double(batch.total_steps) - warm);
  if (kind == "linear")
    return train.learning_rate * std::max(0.0, (double(batch.total_steps) - done) / rest);
  if (kind == "polynomial") {
    const double end = train.lr_end.value_or(1e-7);
    const double left = std::max(0.0, 1 - (done - warm) / rest);
    return (train.learning_rate - end) * std::pow(left, train.lr_power.value_or(1)) + end;
  }
  expects(kind == "cosine" || kind == "cosine_with_min_lr", "unknown schedule ", kind);
  constexpr double kPi = 3.14159265358979323846;
  const double wave = 0.5 * (1 + std::cos(kPi * (done - warm) / rest));
  const double least = kind == "cosine" ? 0
                       : train.min_lr   ? *train.min_lr / train.learning_rate
                                        : train.min_lr_rate.value_or(0);
  return train.learning_rate * std::max(0.0, wave * (1 - least) + least);
}

}  // namespace temper
