#include "apps/rank_results.hpp"

#include <algorithm>
#include <set>

#include "model/export.hpp"
#include "plan/families.hpp"
#include "plan/lora_plan.hpp"
#include "train/evaluation/predictions.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

void write_split(const fs::path& path, const JobPlan& plan, const DocumentSource* split,
                 const Evaluation& evaluation) {
  if (split != nullptr && !evaluation.rows.empty())
    write_predictions(path, plan, *split, evaluation);
}

// Every tensor in fp32: the masters of what was trained, the rest as the run began with it.
std::vector<ExportedTensor> whole_model(const JobPlan& plan, std::vector<ExportedTensor> masters) {
  std::vector<LogicalTensor> frozen;
  for (const LogicalTensor& tensor : plan.tensors)
    if (!tensor.trained) frozen.push_back(tensor);
  LoadOptions options = load_options(plan.spec);
  options.lora.adapter_name_or_path.clear();  // it holds nothing that is frozen
  load_weights(plan.spec.model.model_name_or_path, plan.model, frozen, options,
               [&](int t, const std::vector<float>& values) {
                 const LogicalTensor& tensor = frozen[std::size_t(t)];
                 masters.push_back({tensor.name, tensor.shape, values});
               });
  return masters;
}

// The modules with adapters as PEFT finds them again: by their last path parts where no other
// module has one of these, else by whole paths.
std::vector<std::string> adapted_modules(const JobPlan& plan) {
  std::set<std::string> with_adapter, last_parts, others;
  for (const LogicalTensor& tensor : plan.tensors)
    if (is_adapter(tensor)) with_adapter.insert(tensor.role.substr(0, tensor.role.rfind('.')));
  std::vector<std::string> paths;
  for (const LogicalTensor& tensor : plan.tensors) {
    if (is_adapter(tensor) || !tensor.role.ends_with(".weight")) continue;
    const std::string path = module_path(plan.model, tensor);
    const std::string last = path.substr(path.rfind('.') + 1);
    if (with_adapter.contains(tensor.role.substr(0, tensor.role.rfind('.')))) {
      paths.push_back(path);
      last_parts.insert(last);
    } else {
      others.insert(last);
    }
  }
  for (const std::string& part : last_parts)
    if (others.contains(part)) return paths;
  return {last_parts.begin(), last_parts.end()};
}

AdapterConfig adapter_config(const JobPlan& plan) {
  const LoraSpec& lora = plan.spec.lora;
  AdapterConfig config;
  config.base_model_name_or_path = plan.spec.model.model_name_or_path;
  config.task_type = plan.model.head.kind == HeadKind::sequence ? "SEQ_CLS"
                     : plan.model.head.kind == HeadKind::tokens ? "TOKEN_CLS"
                     : plan.spec.model.task == "causal-lm"      ? "CAUSAL_LM"
                                                                : "";
  config.r = lora.r, config.lora_alpha = lora.lora_alpha, config.lora_dropout = lora.lora_dropout;
  config.target_modules = adapted_modules(plan);
  config.modules_to_save = lora.modules_to_save;
  config.use_rslora = lora.use_rslora;
  config.fan_in_fan_out = find_family(plan.model.family)->conv1d;
  return config;
}

}  // namespace

void write_results(const Group& world, const Job& job, const RunReport& report,
                   const fs::path& attempt) {
  const JobPlan& plan = job.plan;
  std::vector<ExportedTensor> masters;
  if (plan.save_model) masters = job.units.masters(job.dp);
  run_agreed(world, "writing the results", [&] {
    if (world.rank() != 0) return;
    write_split(attempt / "predictions-start.jsonl", plan, job.splits.eval, report.start);
    write_split(attempt / "predictions-eval.jsonl", plan, job.splits.eval, report.eval);
    write_split(attempt / "predictions-test.jsonl", plan, job.splits.test, report.test);
    if (!plan.save_model) return;
    const fs::path target = (fs::absolute(attempt) / ".." / ".." / "model").lexically_normal();
    const std::string& source = plan.spec.model.model_name_or_path;
    if (plan.spec.train.finetuning_type == "lora")
      export_adapter(source, target, plan.model, adapter_config(plan), masters);
    else
      export_model(source, target, plan.model, plan.label_names,
                   plan.spec.model.task == "regression", whole_model(plan, std::move(masters)));
  });
}

}  // namespace temper
