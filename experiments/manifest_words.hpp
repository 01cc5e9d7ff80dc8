// The words of a manifest: other names for keys, and what to say about a name that is none.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/problem.hpp"

namespace temper {

// `train.lr = 1e-4` says `train.learning_rate = 1e-4`; `train.bf16 = true` says
// `train.precision = "bf16"`.
struct KeyAndValue {
  std::string key;
  Json value;
};
KeyAndValue canonical_word(const std::string& key, const Json& value);

// "unknown key", "not supported yet", with the nearest of `candidates`, or the table in which the
// name does stand. `where` is "file:line:column".
Problem unknown_key(const std::string& where, const std::string& key,
                    const std::vector<std::string>& candidates);

// The problem with the place in front of the key it names.
Problem placed(Problem problem, const std::string& where);

}  // namespace temper
