// A study: what a manifest says, and the trials that follow from it.
//
//   const Study study = value_or_throw(read_study("experiments/wn24/quick.toml"));
//   const std::vector<Trial> trials = value_or_throw(expand_search(study));
//
// Stages: search -> confirm -> scale. A study without a search starts its later stages from the
// empty setting, the manifest as it stands: expand_confirm(study, {Setting{}}).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/problem.hpp"
#include "plan/run_spec.hpp"

namespace temper {

// Manifest keys and the values that replace them: {"train.learning_rate": 1e-4}.
using Setting = std::map<std::string, Json>;

// One searched key: listed values, or a range to draw from.
struct SearchAxis {
  std::string key;
  std::vector<Json> values;  // a list or `choice`
  struct Range {
    double min = 0, max = 0, step = 0;  // step 0: continuous
    bool log = false, integer = false;
  };
  std::optional<Range> range;
};

struct SearchSpec {
  std::string method = "none";       // none | grid | random | list
  std::int64_t num_trials = 0;       // of method = "random"
  std::optional<std::int64_t> seed;  // without: the study's
  std::vector<SearchAxis> space;     // in the order of the manifest
  std::vector<Setting> trials;       // for method = "list"
  bool wanted() const { return method != "none"; }
};

struct ConfirmSpec {
  std::vector<std::int64_t> seeds;
  std::int64_t top_k = 1;
  Setting set;
  bool wanted() const { return !seeds.empty() || !set.empty(); }
};

struct ScaleSpec {
  std::string kind = "strong";  // strong | weak
  std::vector<std::int64_t> ranks;
  std::vector<std::string> layouts;  // "dp2", "zero0-dp4"
  std::int64_t repeats = 6, steps = 30, warmup_steps = 5;
  bool wanted() const { return !ranks.empty() || !layouts.empty(); }
};

struct ClusterSpec {
  std::string site = "local";
  std::int64_t max_parallel_trials = 0;  // 0: as the cores allow
  std::int64_t max_attempts = 3;
};

// A layout by name: "dp2", "zero0-dp4". Tensor and pipeline parallel names are refused by name
// until they work.
struct Layout {
  std::int64_t ranks = 1;
  std::optional<std::int64_t> zero_stage;  // without: the manifest's
};
Checked<Layout> layout_of(const std::string& name);

struct Study {
  std::string name, description, use_case;
  std::map<std::string, double> target;  // {"test/macro_f1": 0.84}
  std::filesystem::path output_dir;      // absolute; by default runs/<name> beside the manifest
  std::int64_t seed = 42;
  RunSpec base;
  SearchSpec search;
  ConfirmSpec confirm;
  ScaleSpec scale;
  ClusterSpec cluster;
  std::vector<std::filesystem::path> manifests;  // the file and what it includes, absolute
  std::string manifest_sha256;                   // of their bytes
  // Absolute path of each model directory, tokenizer and data file that a trial may read, and the
  // hash of what it holds (plan/content_hash.hpp).
  std::map<std::string, std::string> contents;
  // Where each key of the manifest stands, "quick.toml:12:17": keys that are not here have their
  // default.
  std::map<std::string, std::string> places;
  bool greater_is_better() const;  // the manifest's word, else by the metric's name
};

// One setting of a study. Equal result-deciding settings have equal ids.
struct Trial {
  std::string id;                  // 8 hex digits, more where two would clash
  std::string purpose = "search";  // search | confirm | scale | single
  Setting setting;                 // the keys that were searched or overridden
  RunSpec spec;
  std::int64_t repeat = 0;  // of a scaling study, from 0
  std::string hash;         // all 64 digits, of which `id` is the beginning
};

// Problems: every one, with file, line and column; unknown keys with the nearest valid name.
Checked<Study> read_study(const std::filesystem::path& manifest);

// The trials of the search, in order. Of a study without one: the single trial, or none when the
// study has a [confirm] or a [scale], which then start from the empty setting.
Checked<std::vector<Trial>> expand_search(const Study& study);
// The confirmation of the best settings (best first): top_k x seeds, with the overrides.
Checked<std::vector<Trial>> expand_confirm(const Study& study, const std::vector<Setting>& best);
// The scaling study of a setting: one block for each repeat, all layouts in a fresh order (drawn by
// study.seed) in each, so that drift of the machine falls on all layouts alike. Every trial takes
// scale.warmup_steps + scale.steps steps and evaluates nothing. Strong: documents a step are the
// manifest's on every layout; weak: documents a step and rank are.
Checked<std::vector<Trial>> expand_scale(const Study& study, const Setting& best);
// Ranks of the largest layout of the scaling study; 1 without one.
std::int64_t largest_ranks(const Study& study);

}  // namespace temper
