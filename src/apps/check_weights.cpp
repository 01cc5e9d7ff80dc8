#include "apps/check_weights.hpp"

#include <set>

#include "io/adapter_files.hpp"
#include "io/weight_files.hpp"

namespace temper {

Problems check_weights(const StudyPlan& plan) {
  Problems all;
  std::set<std::string> said;
  const auto add = [&](const Problems& problems) {
    for (const Problem& problem : problems)
      if (said.insert(problem.text()).second) all.push_back(problem);
  };
  for (const StagePlan& stage : plan.stages) {
    const JobPlan& job = stage.first;
    const ModelSpec& model = job.spec.model;
    add(find_weights(model.model_name_or_path, job.model, job.tensors, model.random_init)
            .problems());
    const LoraSpec& lora = job.spec.lora;
    if (job.spec.train.finetuning_type == "lora" && !lora.adapter_name_or_path.empty())
      add(find_adapter(lora.adapter_name_or_path, job.model, job.tensors, lora).problems());
  }
  return all;
}

}  // namespace temper
