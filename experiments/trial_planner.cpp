#include "experiments/trial_planner.hpp"

#include <algorithm>

#include "experiments/study_checks.hpp"
#include "plan/check_spec.hpp"
#include "plan/data_facts.hpp"
#include "plan/estimates.hpp"
#include "plan/run_spec_keys.hpp"
#include "plan/store_card.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

// The values of all keys that begin so: equal words, equal recipes.
std::string words_of(const RunSpec& spec, std::initializer_list<const char*> beginnings) {
  std::string words;
  for (const RunSpecKey& key : run_spec_keys())
    for (const char* beginning : beginnings)
      if (key.name.starts_with(beginning)) words += key.get(spec).dump() + "\n";
  return words;
}

}  // namespace

TrialPlanner::TrialPlanner(const Study& study, const Machine& machine)
    : study_(study), machine_(machine) {}

Checked<ModelShape> TrialPlanner::shape_of(const RunSpec& spec) {
  const std::string words =
      spec.model.model_name_or_path + "\n" + spec.model.config_overrides.dump();
  const auto known = shapes_.find(words);
  if (known != shapes_.end()) return known->second;
  return shapes_
      .emplace(words, read_model_shape(spec.model.model_name_or_path, spec.model.config_overrides))
      .first->second;
}

Checked<StoreFiles> TrialPlanner::store_of(const Trial& trial) {
  const std::string words =
      words_of(trial.spec, {"data.", "model.", "train.stage", "train.assistant_only_loss",
                            "train.completion_only_loss"});
  const auto known = stores_.find(words);
  if (known != stores_.end()) return known->second;
  const Checked<ModelShape> shape = shape_of(trial.spec);
  if (!shape) return shape.problems();
  StoreFiles files;
  files.recipe = data_recipe(trial.spec, shape.value(), study_.contents);
  files.id = recipe_id(files.recipe);
  const fs::path folder = trial.spec.data.store_dir;
  files.recipe_file = folder / (files.id + ".recipe.json");
  files.store = folder / (files.id + ".h5");
  files.card = folder / (files.id + ".json");
  return stores_.emplace(words, std::move(files)).first->second;
}

Checked<DataFacts> TrialPlanner::facts_of(const Trial& trial) {
  const Checked<StoreFiles> store = store_of(trial);
  if (!store) return store.problems();
  const auto known = facts_.find(store.value().store);
  if (known != facts_.end()) return known->second;
  const auto look = [&]() -> Checked<DataFacts> {
    if (store.value().prepared()) {
      const Checked<StoreCard> card = read_store_card(store.value().card);
      if (!card) return card.problems();
      return data_facts(card.value());
    }
    return estimate_facts(trial.spec.data,
                          effective_max_length(trial.spec, shape_of(trial.spec).value()),
                          trial.spec.model.task.ends_with("-classification"));
  };
  return facts_.emplace(store.value().store, look()).first->second;
}

Checked<JobPlan> TrialPlanner::plan(const Trial& trial) {
  const Checked<ModelShape> shape = shape_of(trial.spec);
  if (!shape) return shape.problems();
  const Checked<DataFacts> facts = facts_of(trial);
  if (!facts) return facts.problems();
  RunSpec spec = trial.spec;
  // Points of a scaling study differ in ranks alone: each rank has the threads that the largest
  // layout leaves it.
  if (trial.purpose == "scale" && spec.train.threads_per_rank == 0)
    spec.train.threads_per_rank = std::max<std::int64_t>(1, machine_.cores / largest_ranks(study_));
  Checked<JobPlan> planned = plan_job(spec, shape.value(), facts.value(), machine_);
  if (!planned) {
    Problems problems = planned.problems();
    for (Problem& problem : problems) problem = placed_in(study_, std::move(problem));
    return problems;
  }
  JobPlan plan = std::move(planned).value();
  plan.study = study_.name;
  plan.trial = trial.id;
  plan.purpose = trial.purpose;
  plan.store = store_of(trial).value().store.string();
  const bool result = trial.purpose == "confirm" || trial.purpose == "single";
  plan.evaluate_test = result && has_test_split(spec.data);
  plan.save_model = result || (trial.purpose == "search" && !study_.confirm.wanted());
  plan.expected_seconds = expected_seconds(plan, facts.value(), machine_);
  return plan;
}

}  // namespace temper
