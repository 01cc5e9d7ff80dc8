// predictions-*.jsonl: what a model said of each row.
#pragma once

#include <filesystem>

#include "train/evaluation/evaluation.hpp"

namespace temper {

// One line a row, in file order. Classes are numbers and scores softmax probabilities; a
// regression's prediction is also its one score.
//   classes, values    {"id", "label", "prediction", "scores"}
//   classes of tokens  {"id", "label": [...], "prediction": [...]}
//   language models    {"id", "nll", "tokens", "correct", "bytes"}
// Local.
void write_predictions(const std::filesystem::path& path, const JobPlan& plan,
                       const DocumentSource& split, const Evaluation& evaluation);

}  // namespace temper
