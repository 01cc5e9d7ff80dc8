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
  expects(kind == "cosine", "unknown schedule ", kind);
  constexpr double kPi = 3.14159265358979323846;
  return train.learning_rate * std::max(0.0, 0.5 * (1 + std::cos(kPi * (done - warm) / rest)));
}

}  // namespace temper
