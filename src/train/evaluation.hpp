// A split through the model: each row once, whatever the number of ranks; metrics and predictions.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "io/document_source.hpp"
#include "mpi/group.hpp"
#include "plan/job_plan.hpp"
#include "train/layers.hpp"

namespace temper {

struct Evaluation {
  std::vector<std::int64_t> rows;  // of the split, in file order
  std::int64_t labels = 0;
  std::vector<double> logits;  // [rows, labels]
  // loss, accuracy, macro_f1, ...; or loss, mse, mae, r2, pearson. In this order.
  std::vector<std::pair<std::string, double>> metrics;
  double seconds = 0;
};

// Forward only, without dropout. The loss is the plain mean over the rows: no smoothing and no
// class weights, so that trials which differ in them can be compared. Batches are the same for any
// number of ranks, and so are the bits. Collective over: dp.
Evaluation evaluate(const JobPlan& plan, const DocumentSource& split,
                    std::vector<std::int64_t> rows, const Layers& layers, const Group& dp);

// One line a row, in file order: {"id", "label", "prediction", "scores"}. Classes are numbers and
// scores softmax probabilities; a regression's prediction is also its one score. Local.
void write_predictions(const std::filesystem::path& path, const JobPlan& plan,
                       const DocumentSource& split, const Evaluation& evaluation);

}  // namespace temper
