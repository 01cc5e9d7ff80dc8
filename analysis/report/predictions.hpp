// Predictions of one split, as the attempts and the baselines leave them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/classification.hpp"
#include "core/problem.hpp"

namespace temper {

struct Predictions {
  bool regression = false;
  std::int64_t classes = 0;
  std::vector<std::string> ids;
  std::vector<std::int32_t> truth, predicted;        // classification
  std::vector<double> scores;                        // [rows, classes]; empty without
  std::vector<double> truth_value, predicted_value;  // regression
  std::int64_t skipped = 0;                          // broken lines
  std::int64_t rows() const { return std::int64_t(ids.size()); }
};

// `predictions-*.jsonl`. Labels are class numbers or names. Problems: unreadable, no usable line.
Checked<Predictions> read_predictions(const std::filesystem::path& path, bool regression,
                                      const std::vector<std::string>& label_names);

ConfusionMatrix confusion_of(const Predictions& predictions);

}  // namespace temper
