// The scores that follow from predictions, with their intervals, and what two systems differ by.
//
//   const Measurements scores = measure(predictions, {.seed = 42});   // scores.at("macro_f1").low
#pragma once

#include <map>
#include <string>

#include "analysis/report/predictions.hpp"
#include "analysis/statistics/bootstrap.hpp"

namespace temper {

struct Measured {
  double value = 0, low = 0, high = 0;  // NaN ends: no interval
  std::string method;
};
using Measurements = std::map<std::string, Measured>;

// "accuracy", "macro_f1", ... and "f1:<class>"; of values "mse", "mae", "r2", "pearson"; of
// language "loss" (nats per token), "perplexity", "token_accuracy", "bits_per_byte" over documents.
Measurements measure(const Predictions& predictions, const BootstrapOptions& options);

// Two systems on the same rows, matched by id.
struct PairedDifference {
  std::int64_t rows = 0;       // in both
  std::int64_t unmatched = 0;  // in one only
  // First minus second. Of values `macro_f1` is the difference of the mean squared errors, of
  // language that of the losses, and
  // `accuracy` the same with its sign turned, so that more is better.
  Measured accuracy, macro_f1;
  double accuracy_p = 1, macro_f1_p = 1;
  std::int64_t only_first = 0, only_second = 0;
  std::string method;
};
PairedDifference compare(const Predictions& first, const Predictions& second,
                         const BootstrapOptions& options);

}  // namespace temper
