// Predictions of one split, as the attempts and the baselines leave them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/classification.hpp"
#include "core/problem.hpp"

namespace temper {

// classes: a class for each row (or token); values: a number; language: how well a model foretells
// the tokens of each document.
enum class PredictionKind { classes, values, language };
PredictionKind prediction_kind(std::string_view task);

struct Predictions {
  PredictionKind kind = PredictionKind::classes;
  std::int64_t classes = 0;
  std::vector<std::string> ids;
  std::vector<std::int32_t> truth, predicted;        // classification
  std::vector<double> scores;                        // [rows, classes]; empty without
  std::vector<double> truth_value, predicted_value;  // values
  // language: -log p of all trained tokens of the document, their number, how many were the
  // likeliest, UTF-8 bytes of their text (0: not known).
  std::vector<double> nll, tokens, correct, bytes;
  std::int64_t skipped = 0;  // broken lines
  std::int64_t rows() const { return std::int64_t(ids.size()); }
};

// `predictions-*.jsonl`. Labels are class numbers or names; lists of them are rows of their own.
// Problems: unreadable, no usable line.
Checked<Predictions> read_predictions(const std::filesystem::path& path, PredictionKind kind,
                                      const std::vector<std::string>& label_names);

ConfusionMatrix confusion_of(const Predictions& predictions);

}  // namespace temper
