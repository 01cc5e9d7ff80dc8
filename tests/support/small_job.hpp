// A training job that fits into a test: documents by formula, a plan of a tiny model, and the parts
// that a rank makes of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/document_source.hpp"
#include "plan/plan_job.hpp"
#include "support/tiny_model.hpp"
#include "train/loop.hpp"

namespace temper {

// The documents of tests/oracles/twenty_steps.py.
class FormulaSplit : public DocumentSource {
 public:
  FormulaSplit(std::int64_t documents, std::int64_t vocabulary, std::int64_t classes = 5)
      : documents_(documents), vocabulary_(vocabulary), classes_(classes) {}
  std::int64_t documents() const override { return documents_; }
  std::int64_t length(std::int64_t document) const override { return 3 + document * 7 % 23; }
  void read_tokens(std::int64_t document, std::int32_t* out, std::uint8_t*) const override {
    for (std::int64_t p = 0; p < length(document); ++p)
      out[p] = std::int32_t((31 * document + 7 * p + 3 * p * p + 5) % (vocabulary_ - 10) + 5);
  }
  std::int32_t label(std::int64_t document) const override {
    return std::int32_t(document * 3 % classes_);
  }
  double value(std::int64_t document) const override { return 0.3 * double(document % 7) - 1; }
  std::string id(std::int64_t document) const override { return "row" + std::to_string(document); }

 private:
  std::int64_t documents_, vocabulary_, classes_;
};

inline RunSpec small_spec(const std::string& precision, int ranks, int zero_stage = 1) {
  RunSpec spec;
  // Never opened: the documents come by formula.
  spec.data.train_file = {"train.jsonl"}, spec.data.validation_file = {"eval.jsonl"},
  spec.data.test_file = {"test.jsonl"};
  spec.data.max_length = 32;
  spec.train.precision = precision;
  spec.train.global_batch_size = 8;
  spec.train.learning_rate = 1e-2;
  spec.train.weight_decay = 0.01;
  spec.model.random_init = true;
  spec.parallel.ranks = ranks;
  spec.parallel.zero_stage = zero_stage;
  return spec;
}

inline JobPlan small_plan(const RunSpec& spec, std::int64_t documents,
                          ModelShape shape = tiny_shape()) {
  DataFacts facts{.documents = documents, .tokens = documents * 14};
  if (spec.model.task != "regression") facts.label_names = {"a", "b", "c", "d", "e"};
  return value_or_throw(plan_job(spec, shape, facts, {.cores = 1}));
}

// Units, layers and the trainer of one rank. Weights are drawn unless a directory is named.
struct SmallJob {
  JobPlan plan;
  const Group& dp;
  ParamUnits units;
  std::unique_ptr<Stage> stage;
  std::unique_ptr<Head> head;
  std::unique_ptr<Trainer> trainer;

  SmallJob(const JobPlan& of, const DocumentSource& train, const Group& group,
           const std::string& directory = "")
      : plan(of), dp(group), units(plan, group.rank()) {
    LoadOptions options = load_options(plan.spec);
    options.random = directory.empty();
    units.load(directory, plan.model, options);
    stage = std::make_unique<Stage>(plan.model, units.table(), stage_options(plan.spec));
    head = std::make_unique<Head>(plan.model, units.table());
    trainer = std::make_unique<Trainer>(plan, train, units, layers(), dp);
  }
  Layers layers() const { return {*stage, *head}; }
  std::vector<StepResult> run(std::int64_t steps) {
    std::vector<StepResult> results;
    for (std::int64_t s = 0; s < steps; ++s) results.push_back(trainer->step(s, false));
    trainer->settle();
    return results;
  }
};

// The largest difference of any weight, relative to the largest weight of its tensor.
inline double largest_difference(const std::vector<ExportedTensor>& a,
                                 const std::vector<ExportedTensor>& b) {
  double worst = 0;
  for (std::size_t t = 0; t < a.size(); ++t) {
    double difference = 0, size = 1e-30;
    for (std::size_t i = 0; i < a[t].values.size(); ++i) {
      difference = std::max(difference, std::abs(double(a[t].values[i]) - b[t].values[i]));
      size = std::max(size, std::abs(double(a[t].values[i])));
    }
    worst = std::max(worst, difference / size);
  }
  return worst;
}

}  // namespace temper
