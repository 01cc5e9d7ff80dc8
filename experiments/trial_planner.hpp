// From a trial to what its job will do: model, token store and facts about the data are looked up
// once and remembered, so that ten thousand trials cost little more than one.
//
//   TrialPlanner planner(study, this_machine());
//   const StoreFiles store = value_or_throw(planner.store_of(trial));  // prepare it if it is
//   missing const JobPlan plan = value_or_throw(planner.plan(trial));
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "experiments/study.hpp"
#include "plan/plan_job.hpp"

namespace temper {

// The token store of a trial: where it lies (or will), and the recipe that makes it.
struct StoreFiles {
  std::string id;  // recipe_id(recipe)
  Json recipe;     // data_recipe()
  // <store_dir>/ID.recipe.json, ID.h5, ID.json. The card is written last: the store is there when
  // the card is.
  std::filesystem::path recipe_file, store, card;
  bool prepared() const { return std::filesystem::exists(card) && std::filesystem::exists(store); }
};

class TrialPlanner {
 public:
  TrialPlanner(const Study& study, const Machine& machine);

  Checked<StoreFiles> store_of(const Trial& trial);
  // What is known about the trial's data: by the store's card when it is there, else estimated from
  // the raw files (`facts.estimated`). Call forget_data() once a store has been prepared.
  Checked<DataFacts> facts_of(const Trial& trial);
  // The whole JobPlan: study, trial, purpose, store, label names, which splits are evaluated and
  // whether the model is kept. Problems name manifest keys.
  Checked<JobPlan> plan(const Trial& trial);
  void forget_data() { facts_.clear(); }

 private:
  Checked<ModelShape> shape_of(const RunSpec& spec);

  const Study& study_;
  Machine machine_;
  std::map<std::string, Checked<ModelShape>> shapes_;
  std::map<std::string, Checked<StoreFiles>> stores_;
  std::map<std::string, Checked<DataFacts>> facts_;
};

}  // namespace temper
