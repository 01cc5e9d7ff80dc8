// What one MPI job will do: decided by `temper plan`, read by every rank, agreed on by digest.
// Canonical JSON on disk.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plan/model_shape.hpp"
#include "plan/run_spec.hpp"
#include "sharding/batch_plan.hpp"
#include "sharding/mesh.hpp"
#include "sharding/unit_layout.hpp"

namespace temper {

// One line of the memory table of a rank, in bytes.
struct MemoryLine {
  std::string what;  // parameters | gradients | optimizer | activations | communication | logits
  std::int64_t bytes = 0;
};

struct JobPlan {
  std::string study, trial;        // trial id: at least 8 hex digits
  std::string purpose = "search";  // search | confirm | scale | single
  RunSpec spec;
  ModelShape model;
  Mesh mesh;
  std::vector<LogicalTensor> tensors;
  std::vector<UnitLayout> units;  // one for each ParamUnit
  BatchPlan batch;
  std::int64_t threads_per_rank = 1;
  std::vector<MemoryLine> memory;  // of the fullest rank
  double flops_per_token = 0;      // forward and backward
  double expected_seconds = 0;
  std::string store;  // absolute path of the token store
  std::vector<std::string> label_names;
  bool evaluate_test = false;  // the test split is opened by this job
  bool save_model = true;
  std::string test_model;  // the HF directory to evaluate, for `temper-rank test`
};

Json to_json(const JobPlan& plan);  // without the digest
Checked<JobPlan> job_plan_from_json(const Json& json);
std::string digest_of(const JobPlan& plan);  // SHA-256 of the canonical JSON
// plan/TRIAL.json; the file carries the digest, reading checks it.
void write_job_plan(const std::filesystem::path& path, const JobPlan& plan);
Checked<JobPlan> read_job_plan(const std::filesystem::path& path);

}  // namespace temper
