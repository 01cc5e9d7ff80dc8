#include "apps/check_weights.hpp"

#include <set>

#include "io/weight_files.hpp"

namespace temper {

Problems check_weights(const StudyPlan& plan) {
  Problems all;
  std::set<std::string> said;
  for (const StagePlan& stage : plan.stages) {
    const ModelSpec& model = stage.first.spec.model;
    for (Problem& problem : find_weights(model.model_name_or_path, stage.first.model,
                                         stage.first.tensors, model.random_init)
                                .problems())
      if (said.insert(problem.text()).second) all.push_back(std::move(problem));
  }
  return all;
}

}  // namespace temper
