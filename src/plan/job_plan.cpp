#include "plan/job_plan.hpp"

#include "core/digest.hpp"
#include "core/file.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

const char* name_of(Cut cut) {
  switch (cut) {
    case Cut::whole:
      return "whole";
    case Cut::rows:
      return "rows";
    case Cut::columns:
      return "columns";
    case Cut::vocabulary:
      return "vocabulary";
  }
  return "whole";
}

Json json_of(const LogicalTensor& t) {
  return {{"name", t.name},
          {"role", t.role},
          {"shape", t.shape},
          {"transposed", t.transposed},
          {"interleaved_heads", t.interleaved_heads},
          {"cut", name_of(t.cut)},
          {"unit", t.unit},
          {"decays", t.decays},
          {"row_sparse", t.row_sparse},
          {"trained", t.trained},
          {"lr_scale", t.lr_scale}};
}

Cut cut_of(const std::string& name) {
  for (const Cut cut : {Cut::rows, Cut::columns, Cut::vocabulary})
    if (name == name_of(cut)) return cut;
  return Cut::whole;
}

LogicalTensor tensor_of(const Json& json) {
  LogicalTensor t;
  t.name = json.at("name"), t.role = json.at("role");
  t.shape = json.at("shape").get<std::vector<std::int64_t>>();
  t.transposed = json.at("transposed"), t.interleaved_heads = json.at("interleaved_heads");
  t.cut = cut_of(json.at("cut")), t.unit = json.at("unit");
  t.decays = json.at("decays"), t.row_sparse = json.at("row_sparse");
  t.trained = json.at("trained"), t.lr_scale = json.at("lr_scale");
  return t;
}

Json json_of(const BatchPlan& batch) {
  return {{"documents", batch.documents},
          {"global_batch", batch.global_batch},
          {"micro_batches", batch.micro_batches},
          {"steps_per_epoch", batch.steps_per_epoch},
          {"total_steps", batch.total_steps},
          {"warmup_steps", batch.warmup_steps},
          {"micro_batch_tokens", batch.micro_batch_tokens}};
}

BatchPlan batch_of(const Json& json) {
  return {.documents = json.at("documents"),
          .global_batch = json.at("global_batch"),
          .micro_batches = json.at("micro_batches"),
          .steps_per_epoch = json.at("steps_per_epoch"),
          .total_steps = json.at("total_steps"),
          .warmup_steps = json.at("warmup_steps"),
          .micro_batch_tokens = json.at("micro_batch_tokens")};
}

Json json_of(const UnitLayout& unit) {
  Json slots = Json::array();
  for (const TensorSlot& slot : unit.slots)
    slots.push_back({slot.tensor, slot.extent.begin, slot.extent.end});
  return {{"name", unit.name},
          {"length", unit.length},
          {"dp", unit.dp},
          {"trained", unit.trained},
          {"slots", slots}};
}

UnitLayout unit_of(const Json& json) {
  UnitLayout unit{.name = json.at("name"),
                  .slots = {},
                  .length = json.at("length"),
                  .dp = json.at("dp"),
                  .trained = json.at("trained")};
  for (const Json& slot : json.at("slots"))
    unit.slots.push_back({slot.at(0), {slot.at(1), slot.at(2)}});
  return unit;
}

}  // namespace

Json to_json(const JobPlan& plan) {
  Json tensors = Json::array(), units = Json::array(), memory = Json::array();
  for (const LogicalTensor& t : plan.tensors) tensors.push_back(json_of(t));
  for (const UnitLayout& unit : plan.units) units.push_back(json_of(unit));
  for (const MemoryLine& line : plan.memory)
    memory.push_back({{"what", line.what}, {"bytes", line.bytes}});
  return {{"format", "temper-plan/1"},
          {"study", plan.study},
          {"trial", plan.trial},
          {"purpose", plan.purpose},
          {"spec", to_json(plan.spec)},
          {"model", to_json(plan.model)},
          {"mesh", {{"pp", plan.mesh.pp}, {"dp", plan.mesh.dp}, {"tp", plan.mesh.tp}}},
          {"tensors", tensors},
          {"units", units},
          {"batch", json_of(plan.batch)},
          {"threads_per_rank", plan.threads_per_rank},
          {"memory", memory},
          {"flops_per_token", plan.flops_per_token},
          {"expected_seconds", plan.expected_seconds},
          {"store", plan.store},
          {"label_names", plan.label_names},
          {"evaluate_test", plan.evaluate_test},
          {"save_model", plan.save_model},
          {"test_model", plan.test_model}};
}

Checked<JobPlan> job_plan_from_json(const Json& json) {
  try {
    JobPlan plan;
    if (json.at("format") != "temper-plan/1")
      return Problem{"plan", "has another format: " + json.at("format").dump(), "", ""};
    Checked<RunSpec> spec = run_spec_from_json(json.at("spec"));
    if (!spec) return spec.problems();
    plan.spec = spec.value();
    plan.study = json.at("study"), plan.trial = json.at("trial"), plan.purpose = json.at("purpose");
    plan.model = model_shape_from_json(json.at("model"));
    plan.mesh = {json.at("mesh").at("pp"), json.at("mesh").at("dp"), json.at("mesh").at("tp")};
    for (const Json& tensor : json.at("tensors")) plan.tensors.push_back(tensor_of(tensor));
    for (const Json& unit : json.at("units")) plan.units.push_back(unit_of(unit));
    plan.batch = batch_of(json.at("batch"));
    plan.threads_per_rank = json.at("threads_per_rank");
    for (const Json& line : json.at("memory"))
      plan.memory.push_back({line.at("what"), line.at("bytes")});
    plan.flops_per_token = json.at("flops_per_token");
    plan.expected_seconds = json.at("expected_seconds");
    plan.store = json.at("store");
    plan.label_names = json.at("label_names").get<std::vector<std::string>>();
    plan.evaluate_test = json.at("evaluate_test"), plan.save_model = json.at("save_model");
    plan.test_model = json.at("test_model");
    return plan;
  } catch (const nlohmann::json::exception& error) {
    return Problem{"plan", "is damaged", error.what(), "Make it again."};
  }
}

std::string digest_of(const JobPlan& plan) { return sha256_hex(canonical_json(to_json(plan))); }

void write_job_plan(const std::filesystem::path& path, const JobPlan& plan) {
  Json json = to_json(plan);
  json["digest"] = digest_of(plan);
  write_file_atomically(path, json.dump(1) + "\n");
}

Checked<JobPlan> read_job_plan(const std::filesystem::path& path) {
  Checked<Json> json = read_json_file(path);
  if (!json) return json.problems();
  const std::string digest = json.value().value("digest", "");
  json.value().erase("digest");
  if (sha256_hex(canonical_json(json.value())) != digest)
    return Problem{path.string(), "does not match its digest",
                   "it was changed by hand or is damaged",
                   "Make it again with temper plan or temper run."};
  return job_plan_from_json(json.value());
}

}  // namespace temper
