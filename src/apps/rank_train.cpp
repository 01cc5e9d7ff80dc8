// temper-rank train and temper-rank test: from a plan file to a finished attempt.
#include <c10/core/InferenceMode.h>

#include <optional>

#include "apps/rank_answers.hpp"
#include "apps/rank_command.hpp"
#include "apps/rank_results.hpp"
#include "core/file.hpp"
#include "io/token_store.hpp"
#include "model/load_weights.hpp"
#include "train/assemble.hpp"
#include "train/batch_source.hpp"
#include "train/compute_session.hpp"
#include "train/evaluation/predictions.hpp"
#include "train/loop.hpp"
#include "train/run_outcome.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

JobPlan agreed_plan(const Group& world, const fs::path& path) {
  JobPlan plan;
  run_agreed(world, "reading the plan", [&] { plan = value_or_throw(read_job_plan(path)); });
  agree_on_plan(world, plan);
  return plan;
}

// What a rank holds besides the plan, in the order in which it is made.
struct Workplace {
  std::optional<TokenStore> store;
  std::optional<ParamUnits> units;
  std::optional<Stage> stage;
  std::optional<Head> head;
  std::optional<Records> records;

  // Local.
  void open(const JobPlan& plan, int coordinate, const fs::path& model, const ModelShape& shape,
            const LoadOptions& options, bool training) {
    store.emplace(plan.store);
    if (const Problems problems = check_store(plan, store->card(), training); !problems.empty())
      throw BadInput(problems);
    units.emplace(plan, coordinate);
    units->load(model, shape, options);
    const ParameterTable table = units->table();
    stage.emplace(plan.model, table, stage_options(plan.spec));
    head.emplace(plan.model, table);
  }
  Layers layers() const { return {*stage, *head}; }
  const DocumentSource* split(const std::string& name) const {
    return store->has_split(name) ? &store->split(name) : nullptr;
  }
};

void write_outcome(const Group& world, const EnergyMeter& meter, const RunReport& report,
                   const fs::path& attempt) {
  const JobUse use = measure_use(world, meter, report);
  run_agreed(world, "writing the outcome", [&] {
    if (world.rank() == 0)
      write_file_atomically(attempt / "outcome.json", outcome_json(report, use).dump(2) + "\n");
  });
}

// The model that a trial has left: whole, or adapters for the model that it began with. Local.
void open_tested(const JobPlan& plan, int coordinate, Workplace& place) {
  LoadOptions options = load_options(plan.spec);
  if (plan.spec.train.finetuning_type == "lora") {
    options.lora.adapter_name_or_path = plan.test_model;
    place.open(plan, coordinate, plan.spec.model.model_name_or_path, plan.model, options, false);
    return;
  }
  options.random = false;
  ModelShape shape = plan.model;
  shape.own_head = true;  // a fine-tuned model brings its head
  place.open(plan, coordinate, plan.test_model, shape, options, false);
}

}  // namespace

Outcome run_rank_train(const Group& world, const fs::path& plan_path, const fs::path& attempt) {
  const EnergyMeter meter;
  const JobPlan plan = agreed_plan(world, plan_path);
  const ComputeSession session(int(plan.threads_per_rank));
  const c10::InferenceMode inference;
  const Coordinates here = plan.mesh.coordinates(world.rank());
  const Group dp = world.split(here.pp * plan.mesh.tp + here.tp, here.dp);
  Workplace place;
  run_agreed(world, "setting up", [&] {
    place.open(plan, here.dp, plan.spec.model.model_name_or_path, plan.model,
               load_options(plan.spec), true);
    place.records.emplace(attempt, world.rank() == 0);
  });
  const Job job{plan,
                {place.split("train"), place.split("eval"), place.split("test")},
                *place.units,
                place.layers(),
                dp};
  const ProgressSink sink = world.rank() == 0 ? ProgressSink::machine_lines : ProgressSink::silent;
  RunReport report = run_loop(job, *place.records, sink);
  if (report.outcome == Outcome::done) {
    answer_eval(world, job, report, attempt);
    write_results(world, job, report, attempt);
  }
  write_outcome(world, meter, report, attempt);
  if (report.outcome != Outcome::done && world.rank() == 0)
    std::fprintf(stderr, "temper-rank: %s\n", report.reason.c_str());
  return report.outcome;
}

Outcome run_rank_test(const Group& world, const fs::path& plan_path, const fs::path& attempt) {
  const EnergyMeter meter;
  const JobPlan plan = agreed_plan(world, plan_path);
  const ComputeSession session(int(plan.threads_per_rank));
  const c10::InferenceMode inference;
  const Group dp = world.split(0, world.rank());
  Workplace place;
  run_agreed(world, "setting up", [&] {
    if (plan.test_model.empty())
      throw BadInput(Problem{plan_path.string(), "names no model to test", "", ""});
    open_tested(plan, dp.rank(), place);
    place.records.emplace(attempt, world.rank() == 0);
  });
  const DocumentSource& test = place.store->split("test");
  RunReport report;
  report.test = evaluate(plan, test, sample_rows(test.documents(), 0, 0, 0), place.layers(), dp);
  report.evaluation_seconds = report.test.seconds;
  place.records->record(eval_record("test", 0, report.test));
  run_agreed(world, "writing the results", [&] {
    if (world.rank() == 0)
      write_predictions(attempt / "predictions-test.jsonl", plan, test, report.test);
  });
  write_outcome(world, meter, report, attempt);
  return Outcome::done;
}

}  // namespace temper
