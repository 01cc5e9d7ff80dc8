// From what is asked (RunSpec) and what is there (model directory, data) to what every rank will do
// (JobPlan). Pure: no MPI, no torch.
//
//   Checked<JobPlan> plan = plan_job(spec, shape, facts, {.cores = 2});
#pragma once

#include "plan/job_plan.hpp"

namespace temper {

// What the store's card tells, or an estimate before it exists.
struct DataFacts {
  std::int64_t documents = 0, tokens = 0, eval_documents = 0, test_documents = 0, longest = 0;
  std::vector<std::string> label_names;
  bool estimated = false;  // counted from the raw files: right to some per cent
};

struct Machine {
  std::int64_t cores = 1;
  std::int64_t memory_bytes = 0;  // 0: unknown
  double flops_per_core =
      4e11;  // sustained in matrix products of this size, bf16; a quarter of it in fp32
};
Machine this_machine();

// Everything but study, trial and purpose. Problems name the key: layouts that are not supported
// yet, more ranks than the batch can feed, max_length above the model's positions, class counts
// that clash, not enough memory.
Checked<JobPlan> plan_job(const RunSpec& spec, const ModelShape& shape, const DataFacts& facts,
                          const Machine& machine);

// What prepares the store, as canonical JSON: everything that decides its bytes, and nothing else.
Json data_recipe(const RunSpec& spec, const ModelShape& shape);
// SHA-256 of the canonical recipe, 16 hex digits: the store's name.
std::string recipe_id(const Json& recipe);
// Tokens of a document with special tokens: the manifest's, else the directory's
// (sentence_bert_config.json), else the positions.
std::int64_t effective_max_length(const RunSpec& spec, const ModelShape& shape);

}  // namespace temper
