// A split through the model: each row once, whatever the number of ranks, and the metrics.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/document_source.hpp"
#include "mpi/group.hpp"
#include "plan/job_plan.hpp"
#include "train/layers.hpp"

namespace temper {

// What a language model did with one document: sums over the tokens that it had to predict.
struct DocumentScore {
  double nll = 0;  // nats
  std::int64_t tokens = 0, correct = 0;
  std::int64_t bytes = 0;  // of the text that is predicted; 0: not known
  bool operator==(const DocumentScore&) const = default;
};

struct Evaluation {
  std::vector<std::int64_t> rows;  // of the split, in file order
  std::int64_t labels = 0;
  // One of these, by the task:
  std::vector<double> logits;            // [rows, labels] classes and values of documents
  std::vector<DocumentScore> documents;  // [rows] language models
  // Classes of tokens: row i has [offsets[i], offsets[i + 1]) of those that have one.
  std::vector<std::int64_t> offsets;
  std::vector<double> token_nll;
  std::vector<std::int32_t> token_truth, token_prediction;

  // Those of metric_names(task), in this order; without the ones that the data cannot tell.
  std::vector<std::pair<std::string, double>> metrics;
  double seconds = 0;
};

// Forward only, without dropout. The loss is the plain mean over the rows (over the predicted
// tokens): no smoothing, no class weights and no z-loss, so that trials which differ in them can be
// compared. Batches are the same for any number of ranks, and so are the bits. Collective over: dp.
Evaluation evaluate(const JobPlan& plan, const DocumentSource& split,
                    std::vector<std::int64_t> rows, const Layers& layers, const Group& dp);

}  // namespace temper
