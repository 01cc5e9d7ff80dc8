// The keys of a manifest beyond RunSpec: what the study is called, how it searches, confirms,
// scales and runs. With run_spec_keys() they are all keys there are.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/study.hpp"

namespace temper {

struct StudyKey {
  std::string name, type, meaning;  // Temper's own names, all of them
  std::function<Json(const Study&)> get;
  // Sets the key; returns what is wrong with the value, or "". Empty for keys whose inner words
  // have places of their own: search.space, search.trials, confirm.set.
  std::function<std::string(Study&, const Json&)> set;
};

const std::vector<StudyKey>& study_keys();
const StudyKey* find_study_key(const std::string& name);

// Every name that a manifest may hold, in the order of the tables.
std::vector<std::string> manifest_key_names();
const std::vector<std::string>& manifest_tables();

// The metrics that a study may aim at: "eval/macro_f1", "test/loss", ...
std::vector<std::string> objective_names(const std::string& task);

}  // namespace temper
