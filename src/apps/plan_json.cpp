#include "apps/plan_text.hpp"
#include "plan/plan_parts.hpp"

namespace temper {

namespace {

Json trial_json(const Study& study, const Trial& trial, const TrialEstimate& estimate) {
  Json json{{"trial", trial.id},
            {"setting", Json(trial.setting)},
            {"ranks", estimate.ranks},
            {"threads_per_rank", estimate.threads_per_rank},
            {"zero_stage", trial.spec.parallel.zero_stage},
            {"steps", estimate.steps},
            {"documents_per_step", estimate.documents_per_step},
            {"micro_batches", estimate.micro_batches},
            {"rank_memory_bytes", estimate.rank_bytes},
            {"flops", estimate.flops},
            {"expected_seconds", estimate.seconds},
            {"core_hours", estimate.core_hours()},
            {"cost", study.base.cost.price_per_core_hour * estimate.core_hours()}};
  if (trial.purpose == "scale") json["repeat"] = trial.repeat;
  return json;
}

Json stage_json(const Study& study, const StagePlan& stage) {
  Json trials = Json::array(), units = Json::array(), memory = Json::array();
  for (std::size_t i = 0; i < stage.trials.size(); ++i)
    trials.push_back(trial_json(study, stage.trials[i], stage.estimates[i]));
  for (const UnitLayout& unit : stage.first.units)
    units.push_back(
        {{"name", unit.name}, {"elements", unit.length}, {"tensors", unit.slots.size()}});
  for (const MemoryLine& line : stage.first.memory)
    memory.push_back({{"what", line.what}, {"bytes", line.bytes}});
  const Mesh& mesh = stage.first.mesh;
  return {{"stage", stage.name},
          {"trials", trials},
          {"mesh", {{"pp", mesh.pp}, {"dp", mesh.dp}, {"tp", mesh.tp}}},
          {"units", units},
          {"memory", memory},
          {"flops_per_token", stage.first.flops_per_token},
          {"expected_seconds", stage.seconds},
          {"core_hours", stage.core_hours}};
}

}  // namespace

Json plan_json(const Study& study, const StudyPlan& plan, const Machine& machine) {
  Json stages = Json::array(), manifests = Json::array();
  for (const StagePlan& stage : plan.stages) stages.push_back(stage_json(study, stage));
  for (const auto& file : study.manifests) manifests.push_back(file.string());
  const DataFacts& f = plan.facts;
  return {{"study", study.name},
          {"description", study.description},
          {"manifests", manifests},
          {"manifest_sha256", study.manifest_sha256},
          {"output_dir", study.output_dir.string()},
          {"objective", study.base.objective},
          {"greater_is_better", study.greater_is_better()},
          {"machine", {{"cores", machine.cores}, {"memory_bytes", machine.memory_bytes}}},
          {"model", to_json(plan.stages.front().first.model)},
          {"data",
           {{"documents", f.documents},
            {"tokens", f.tokens},
            {"eval_documents", f.eval_documents},
            {"test_documents", f.test_documents},
            {"label_names", f.label_names},
            {"estimated", f.estimated},
            {"store", plan.store.store.string()},
            {"prepared", plan.store.prepared()}}},
          {"stages", stages},
          {"total",
           {{"trials", plan.trials()},
            {"expected_seconds", plan.seconds},
            {"core_hours", plan.core_hours},
            {"cost", study.base.cost.price_per_core_hour * plan.core_hours},
            {"currency", study.base.cost.currency}}}};
}

}  // namespace temper
