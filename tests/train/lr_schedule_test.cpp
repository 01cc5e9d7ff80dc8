// Against Transformers' get_scheduler, recorded by tests/oracles/schedules.py.
#include "train/lr_schedule.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace temper {

TEST(LearningRate, of_every_schedule_equals_transformers) {
  const Json recorded = value_or_throw(read_json_file(
      std::filesystem::path(TEMPER_SOURCE_DIR) / "tests" / "train" / "data" / "schedules.json"));
  ASSERT_EQ(recorded.size(), 12u);
  for (const auto& [name, rates] : recorded.items()) {
    const std::size_t blank = name.find(' ');
    TrainSpec train;
    train.lr_scheduler_type = name.substr(0, blank);
    train.learning_rate = 3e-4;
    train.min_lr = 2e-5, train.lr_end = 1e-5, train.lr_power = 2;
    const BatchPlan batch{.total_steps = 20, .warmup_steps = std::stoi(name.substr(blank))};
    for (std::size_t step = 0; step < 20; ++step)
      EXPECT_NEAR(learning_rate_at(train, batch, std::int64_t(step)), rates[step].get<double>(),
                  1e-18)
          << name << ", step " << step;
  }
}

}  // namespace temper
