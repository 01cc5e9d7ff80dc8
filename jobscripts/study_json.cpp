#include "jobscripts/study_json.hpp"

#include <set>

#include "jobscripts/host.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

Json search_json(const SearchSpec& search) {
  Json keys = Json::array();
  for (const SearchAxis& axis : search.space) keys.push_back(axis.key);
  std::set<std::string> listed;
  for (const Setting& setting : search.trials)
    for (const auto& [key, value] : setting)
      if (listed.insert(key).second) keys.push_back(key);
  return {{"method", search.method}, {"keys", keys}};
}

Json confirm_json(const ConfirmSpec& confirm) {
  if (!confirm.wanted()) return nullptr;
  return {{"seeds", confirm.seeds}, {"top_k", confirm.top_k}, {"set", Json(confirm.set)}};
}

Json scale_json(const ScaleSpec& scale) {
  if (!scale.wanted()) return nullptr;
  return {{"kind", scale.kind},       {"ranks", scale.ranks}, {"layouts", scale.layouts},
          {"repeats", scale.repeats}, {"steps", scale.steps}, {"warmup_steps", scale.warmup_steps}};
}

}  // namespace

Json study_json(const Study& study, const StudyProgress& progress, const Machine& machine) {
  Json trials = Json::array();
  for (const Trial& trial : progress.trials)
    trials.push_back({{"trial", trial.id},
                      {"purpose", trial.purpose},
                      {"setting", Json(trial.setting)},
                      {"repeat", trial.repeat}});
  const CostSpec& cost = study.base.cost;
  return {
      {"format", "temper-study/1"},
      {"name", study.name},
      {"description", study.description},
      {"use_case", study.use_case},
      {"objective", study.base.objective},
      {"greater_is_better", study.greater_is_better()},
      {"target", Json(study.target)},
      {"task", study.base.model.task},
      {"temper_version", TEMPER_VERSION},
      {"manifest_sha256", study.manifest_sha256},
      {"created", progress.created},
      {"search", search_json(study.search)},
      {"confirm", confirm_json(study.confirm)},
      {"scale", scale_json(study.scale)},
      {"trials", trials},
      {"best", progress.best.empty() ? Json() : Json(progress.best)},
      {"complete", progress.complete},
      {"store", progress.store},
      {"cost",
       {{"currency", cost.currency},
        {"price_per_core_hour", cost.price_per_core_hour},
        {"price_per_node_hour", cost.price_per_node_hour},
        {"price_per_gpu_hour", cost.price_per_gpu_hour},
        {"price_per_kwh", cost.price_per_kwh},
        {"kg_co2_per_kwh", cost.kg_co2_per_kwh}}},
      {"machine",
       {{"host", host_name()}, {"cores", machine.cores}, {"memory_bytes", machine.memory_bytes}}},
      {"spec", to_json(study.base)}};
}

}  // namespace temper
