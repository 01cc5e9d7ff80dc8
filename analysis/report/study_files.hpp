// What a study directory holds, read with tolerance: a file that is missing though it should be
// there, or damaged, becomes a warning.
//
//   const StudyFiles study = read_study_files("runs/wn24");
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/report/json_values.hpp"
#include "analysis/report/predictions.hpp"
#include "core/json.hpp"

namespace temper {

struct StepRecord {
  std::int64_t step = 0, documents = 0, tokens = 0;
  double epoch = 0, loss = 0, grad_norm = 0, learning_rate = 0, seconds = 0;
};
struct EvalRecord {
  std::string split;
  std::int64_t step = 0;
  std::map<std::string, double> metrics;
};

struct TrialFiles {
  std::string id, purpose = "search", state = "planned";  // planned | running | done | failed
  Json setting = Json::object(), spec = Json::object();   // what differs; all that was decided
  std::int64_t repeat = 0, ranks = 1, threads_per_rank = 1, attempts = 0;
  Json layout = Json::object();  // pp, dp, tp
  std::string plan_digest, host, started, ended, reason;
  std::int64_t steps = 0, best_step = 0, tokens = 0, documents = 0;
  double seconds = 0, core_hours = 0, setup_seconds = 0, peak_memory_bytes = 0;
  double gflops_per_second = 0;
  std::optional<double> energy_joules;
  std::map<std::string, double> metrics, phases;  // "eval/loss"; seconds
  std::vector<StepRecord> steps_taken;
  std::vector<EvalRecord> evaluations;
  std::filesystem::path attempt;                                  // the last one; empty without
  std::map<std::string, std::filesystem::path> prediction_files;  // by split
};

struct Baseline {
  std::string name;  // "bigram-logistic"
  std::map<std::string, std::filesystem::path> prediction_files;
};

struct StudyFiles {
  std::filesystem::path root;
  Json study = Json::object(), card = Json::object();
  std::string manifest;  // study.toml as given
  std::vector<std::string> label_names;
  std::vector<TrialFiles> trials;
  std::vector<Baseline> baselines;
  std::vector<std::string> warnings;
  PredictionKind kind() const;
};

// Throws WorldFailure (74) only where `root` is no study directory: no study.json and no trials.
StudyFiles read_study_files(const std::filesystem::path& root);

}  // namespace temper
