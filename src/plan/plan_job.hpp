// From what is asked (RunSpec) and what is there (model directory, data) to what every rank will do
// (JobPlan). Pure: no MPI, no torch.
//
//   Checked<JobPlan> plan = plan_job(spec, shape, facts, {.cores = 2});
#pragma once

#include <map>

#include "plan/job_plan.hpp"

namespace temper {

// What the store's card tells, or an estimate before it exists.
struct DataFacts {
  std::int64_t documents = 0, tokens = 0, eval_documents = 0, test_documents = 0, longest = 0;
  // Of `tokens`, those whose prediction is learned (language models); 0: not known.
  std::int64_t trained_tokens = 0;
  std::vector<std::string> label_names;
  // Tokens that a token attends to on average, itself among them: sum(length^2) / sum(length).
  double context = 0;
  bool estimated = false;  // counted from the raw files: right to some per cent
};

struct Machine {
  std::int64_t cores = 1;
  std::int64_t memory_bytes = 0;  // 0: unknown
  // Model FLOPs a second and core that training sustains, everything counted; for estimates only.
  double bf16_flops_per_core = 6e10, fp32_flops_per_core = 3e10;
};
// Cores this process may use, memory, and rates by the instruction sets that the CPU names.
Machine this_machine();

// Everything but study, trial, purpose and store. Problems name the key: keys that contradict each
// other, layouts that are not supported yet, more ranks than the batch can feed, max_length above
// the model's positions, class counts that clash. A plan that is right but too large for the
// machine has a problem that begins with kNothingFits in `what`.
Checked<JobPlan> plan_job(const RunSpec& spec, const ModelShape& shape, const DataFacts& facts,
                          const Machine& machine);

// Nothing fits: exit code 65 instead of 64.
inline constexpr const char* kNothingFits = "does not fit";
bool nothing_fits(const Problems& problems);

// What prepares the store, as canonical JSON: everything that decides its bytes, and nothing else.
// `known_hashes` (SHA-256 by absolute path) saves reading the files again.
Json data_recipe(const RunSpec& spec, const ModelShape& shape,
                 const std::map<std::string, std::string>& known_hashes = {});
// SHA-256 of the canonical recipe, 16 hex digits: the store's name.
std::string recipe_id(const Json& recipe);
// Tokens of a document with special tokens: the manifest's, else the directory's
// (sentence_bert_config.json), else the positions.
std::int64_t effective_max_length(const RunSpec& spec, const ModelShape& shape);

}  // namespace temper
