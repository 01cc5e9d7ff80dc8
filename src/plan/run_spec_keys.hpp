// The one table that binds each member of RunSpec to its manifest key, its meaning and where the
// name comes from. Reading manifests, sweeps, JSON in and out, `temper plan --explain-defaults` and
// suggestions for unknown keys all walk it.
//
//   const RunSpecKey* key = find_key("train.learning_rate");
//   Problems problems = key->set(spec, Json(1e-4));        // checks type and range
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/problem.hpp"
#include "plan/run_spec.hpp"

namespace temper {

struct RunSpecKey {
  std::string name;     // "train.learning_rate"
  std::string type;     // "number", "integer", "text", "true or false", "list of texts", ...
  std::string meaning;  // one line
  std::string source;   // who named it: "TrainingArguments", "PretrainedConfig", "Temper"
  std::vector<std::string> allowed;  // of texts; empty = any
  bool decides_result = true;  // false: layout, prices, places; not part of a trial's identity
  std::function<Json(const RunSpec&)> get;
  std::function<Problems(RunSpec&, const Json&)> set;
};

const std::vector<RunSpecKey>& run_spec_keys();
const RunSpecKey* find_key(const std::string& name);
std::vector<std::string> key_names();

// The key that `name` is another word for (Megatron's and Transformers' aliases), or "".
std::string alias_target(const std::string& name);
// Keys of the interface that later work brings: refused by name until they work.
bool is_reserved_key(const std::string& name);
const std::vector<std::string>& reserved_keys();

// Reads the shares of a split; returns what is wrong with them, or "".
std::string read_split(const Json& json, SplitSpec& out);

Json to_json(const RunSpec& spec);  // {"model": {...}, "data": {...}, ...}
Checked<RunSpec> run_spec_from_json(const Json& json);

}  // namespace temper
