#include "experiments/study_checks.hpp"

#include <algorithm>

#include "experiments/study_keys.hpp"
#include "experiments/trial_spec.hpp"
#include "plan/check_spec.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

void check_search(const Study& study, Problems& problems) {
  const SearchSpec& search = study.search;
  // A method that was refused has its problem already.
  if (search.method == "none" && study.places.contains("search.method") &&
      study.places.contains("search.space"))
    return;
  const bool space = !search.space.empty() || study.places.contains("search.space");
  const auto add = [&](const std::string& key, const std::string& what, const std::string& remedy) {
    problems.push_back({key, what, "", remedy});
  };
  if (search.method == "none" && (space || !search.trials.empty()))
    add("search.method", "is missing: there is something to search",
        "Add method = \"grid\", \"random\" or \"list\".");
  if (search.method == "none" && search.num_trials > 0)
    add("search.num_trials", "is given without a search", "Add method = \"random\".");
  if (search.method == "random" && search.num_trials == 0)
    add("search.num_trials", "is missing for method = \"random\"", "Say how many.");
  if ((search.method == "grid" || search.method == "list") && search.num_trials > 0)
    add("search.num_trials", "has no meaning for method = \"" + search.method + "\"",
        "Leave it out, or use method = \"random\".");
  if (search.num_trials > 1'000'000)
    add("search.num_trials", std::to_string(search.num_trials) + " is more than a study can hold",
        "Use at most 1000000.");
  if ((search.method == "grid" || search.method == "random") && search.space.empty())
    add("search.space", "is empty", "Add [search.space] \"train.learning_rate\" = [...].");
  if (search.method == "list" && search.trials.empty())
    add("search.trials", "is empty", "Add [[search.trials]] tables.");
  if (search.method == "list" && space)
    add("search.space", "has no meaning for method = \"list\"", "");
  if (search.method != "list" && !search.trials.empty() && search.method != "none")
    add("search.trials", "are for method = \"list\"", "");
}

// Whether some trial has this train.finetuning_type.
bool uses_technique(const Study& study, const std::string& type) {
  const auto is_it = [&](const Setting& setting) {
    const auto found = setting.find("train.finetuning_type");
    return found != setting.end() && found->second == type;
  };
  if (study.base.train.finetuning_type == type) return true;
  for (const SearchAxis& axis : study.search.space)
    if (axis.key == "train.finetuning_type" &&
        std::find(axis.values.begin(), axis.values.end(), type) != axis.values.end())
      return true;
  return is_it(study.confirm.set) ||
         std::any_of(study.search.trials.begin(), study.search.trials.end(), is_it);
}

// Keys of a technique, given where nothing uses it.
void check_techniques(const Study& study, Problems& problems) {
  const auto check = [&](const std::string& key, const std::string& type) {
    if (uses_technique(study, type)) return;
    problems.push_back({key, "is given and no trial has train.finetuning_type = \"" + type + "\"",
                        "it would change nothing",
                        "Set train.finetuning_type = \"" + type + "\", or leave it out."});
  };
  for (const auto& [key, place] : study.places)
    if (key.starts_with("lora.")) {
      check(key, "lora");
      break;
    }
  if (study.places.contains("train.freeze")) check("train.freeze", "freeze");
}

// Keys that follow from others where they are not given, given against them.
void check_given(const Study& study, Problems& problems) {
  const RunSpec& base = study.base;
  if (base.checkpoint.load_best_model_at_end &&
      (base.train.eval_strategy == "no" || !has_eval_split(base.data)))
    problems.push_back(
        {"checkpoint.load_best_model_at_end", "needs evaluations",
         has_eval_split(base.data) ? "train.eval_strategy is \"no\"" : "there is no eval split",
         "Leave it out."});
}

// A choice between trials needs numbers of the eval split.
void check_objective(const Study& study, Problems& problems) {
  const std::string& objective = study.base.objective;
  const std::vector<std::string> metrics = objective_names(study.base.model.task);
  if (objective.starts_with("test/"))
    problems.push_back({"study.objective", "\"" + objective + "\" looks at the test split",
                        "it is opened once, at the end, and chooses nothing",
                        "Use \"eval/" + objective.substr(5) + "\"."});
  else if (std::find(metrics.begin(), metrics.end(), objective) == metrics.end())
    problems.push_back({"study.objective",
                        "\"" + objective + "\" is no metric of " + study.base.model.task, "",
                        did_you_mean(objective, metrics)});
  if (study.search.wanted() && !has_eval_split(study.base.data))
    problems.push_back({"search.method", "needs an eval split to compare trials on", "",
                        "Add data.validation_file or data.split."});
  if (study.search.wanted() && study.base.train.eval_strategy == "no")
    problems.push_back({"train.eval_strategy", "\"no\" leaves the search nothing to compare", "",
                        "Use \"epoch\" or \"steps\"."});
}

// Seeds that the search has used confirm nothing, unless something else differs.
void check_confirm(const Study& study, Problems& problems) {
  if (study.places.contains("confirm.top_k") && !study.confirm.wanted())
    problems.push_back({"confirm.top_k", "is given without seeds or set", "", ""});
  if (!study.search.wanted()) return;
  for (const auto& [key, value] : study.confirm.set)
    if (find_key(key)->decides_result && find_key(key)->get(study.base) != value) return;
  std::vector<std::int64_t> used{study.base.train.seed};
  for (const SearchAxis& axis : study.search.space)
    if (axis.key == "train.seed" && !axis.range) {
      used.clear();
      for (const Json& value : axis.values) used.push_back(value.get<std::int64_t>());
    }
  for (const std::int64_t seed : study.confirm.seeds)
    if (std::find(used.begin(), used.end(), seed) != used.end())
      problems.push_back({"confirm.seeds",
                          std::to_string(seed) + " is a seed of the search (train.seed)",
                          "a confirmation by the same draw confirms nothing", "Use other seeds."});
}

void check_scale(const Study& study, Problems& problems) {
  if (study.scale.wanted() && documents_per_step(study.base) == 0)
    problems.push_back({"train.tokens_per_microbatch",
                        "leaves open how many documents the points of a scaling study share", "",
                        "Give train.global_batch_size too."});
  if (study.scale.wanted()) return;
  for (const auto& [key, place] : study.places)
    if (key.starts_with("scale."))
      return problems.push_back({key, "is given without scale.ranks or scale.layouts",
                                 "there is nothing to compare", ""});
}

}  // namespace

Problems check_study(const Study& study) {
  Problems problems;
  check_given(study, problems);
  check_techniques(study, problems);
  check_search(study, problems);
  check_objective(study, problems);
  check_confirm(study, problems);
  check_scale(study, problems);
  for (Problem& problem : problems) problem = placed_in(study, std::move(problem));
  return problems;
}

Problem placed_in(const Study& study, Problem problem) {
  const auto found = study.places.find(problem.where.substr(0, problem.where.find(':')));
  if (found != study.places.end()) problem.where = found->second + ": " + problem.where;
  return problem;
}

}  // namespace temper
