#include "experiments/manifest_words.hpp"

#include <algorithm>

#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {
constexpr const char* kPrecisions[] = {"bf16", "fp32", "fp64"};
}

KeyAndValue canonical_word(const std::string& key, const Json& value) {
  for (const char* precision : kPrecisions)
    if (key == std::string("train.") + precision && value.is_boolean()) {
      if (value.get<bool>()) return {"train.precision", precision};
      // TrainingArguments' `bf16 = false` means fp32; the others leave the question open.
      if (std::string(precision) == "bf16") return {"train.precision", "fp32"};
    }
  const std::string target = alias_target(key);
  return {target.empty() ? key : target, value};
}

Problem unknown_key(const std::string& where, const std::string& key,
                    const std::vector<std::string>& candidates) {
  if (is_reserved_key(key))
    return {where + ": " + key, "is not supported yet", "the name is kept for later work",
            "Remove it?"};
  for (const std::string precision : kPrecisions)
    if (key == "train." + precision)
      return {where + ": " + key,
              precision == "bf16" ? "is neither true nor false" : "takes true alone", "",
              "Set train.precision = \"bf16\", \"fp32\" or \"fp64\"?"};
  const std::string leaf = key.substr(key.rfind('.') + 1);
  for (const std::string& candidate : candidates)
    if (candidate.ends_with("." + leaf))
      return {where + ": " + key, "unknown key", "", "Did you mean \"" + candidate + "\"?"};
  return {where + ": " + key, "unknown key", "", did_you_mean(key, candidates)};
}

Problem placed(Problem problem, const std::string& where) {
  problem.where = problem.where.empty() ? where : where + ": " + problem.where;
  return problem;
}

}  // namespace temper
