// The course of a run: best state, early stopping, signals, divergence, what is written.
#include "train/loop.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <limits>

#include "support/small_language.hpp"
#include "train/evaluation/predictions.hpp"
#include "train/run_outcome.hpp"

namespace temper {

namespace {

namespace fs = std::filesystem;

// A folder of this rank's own, gone with the test.
struct Folder {
  fs::path path;
  Folder() : path(fs::temp_directory_path() / ("temper-loop-" + std::to_string(::getpid()))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::vector<Json> lines(const std::string& name) const {
    std::vector<Json> all;
    std::ifstream file(path / name);
    for (std::string line; std::getline(file, line);) all.push_back(Json::parse(line));
    return all;
  }
};

// Sends this process a signal, or gives a label that is no number, at a chosen document.
class TroubledSplit : public FormulaSplit {
 public:
  using FormulaSplit::FormulaSplit;
  int signal_at = -1;
  bool infinite = false;
  void read_tokens(std::int64_t document, std::int32_t* out, std::uint8_t* types) const override {
    if (signal_at >= 0 && ++reads_ == signal_at) std::raise(SIGTERM);
    FormulaSplit::read_tokens(document, out, types);
  }
  double value(std::int64_t document) const override {
    return infinite ? std::numeric_limits<double>::infinity() : FormulaSplit::value(document);
  }

 private:
  mutable int reads_ = 0;
};

struct TestRun {
  Folder folder;
  RunReport report;
  std::unique_ptr<SmallJob> job;

  TestRun(const JobPlan& plan, const DocumentSource& train, const DocumentSource* eval,
          const DocumentSource* test = nullptr) {
    const Group world = Group::world();
    job = std::make_unique<SmallJob>(plan, train, world);
    Records records(folder.path, true);
    report = run_loop({plan, {&train, eval, test}, job->units, job->layers(), world}, records,
                      ProgressSink::silent);
  }
};

RunSpec loop_spec() {
  RunSpec spec = small_spec("fp32", Group::world().size());
  spec.objective = "eval/macro_f1";
  spec.train.num_train_epochs = 4;
  return spec;
}

}  // namespace

TEST(Loop, leaves_the_best_state_its_predictions_and_one_record_for_each_step) {
  const FormulaSplit train(40, 97), eval(24, 97), test(9, 97);
  JobPlan plan = small_plan(loop_spec(), 40);
  plan.evaluate_test = true;
  const TestRun run(plan, train, &eval, &test);
  ASSERT_EQ(run.report.outcome, Outcome::done);
  EXPECT_EQ(run.report.steps, 20);
  EXPECT_EQ(run.report.documents, 160);
  double best = -1;
  std::int64_t best_step = 0, steps = 0;
  for (const Json& line : run.folder.lines("records.jsonl")) {
    if (line["kind"] == "step") {
      EXPECT_EQ(line["step"], ++steps);
      continue;
    }
    if (line["split"] != "eval" || line["macro_f1"].get<double>() <= best) continue;
    best = line["macro_f1"], best_step = line["step"];
  }
  EXPECT_EQ(steps, 20);
  EXPECT_EQ(run.report.best_step, best_step);
  EXPECT_EQ(metrics_json(run.report)["eval/macro_f1"].get<double>(), best);
  // The units hold the state that was evaluated.
  const Group world = Group::world();
  const Evaluation again = evaluate(plan, eval, sample_rows(24, 0, 0, 0), run.job->layers(), world);
  EXPECT_EQ(again.logits, run.report.eval.logits);
  write_predictions(run.folder.path / "p.jsonl", plan, test, run.report.test);
  const std::vector<Json> predictions = run.folder.lines("p.jsonl");
  ASSERT_EQ(predictions.size(), 9u);
  EXPECT_EQ(predictions[7]["id"], "row7");
  EXPECT_EQ(predictions[7]["label"], test.label(7));
  double sum = 0;
  for (const Json& score : predictions[7]["scores"]) sum += score.get<double>();
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(Loop, stops_early_when_evaluations_bring_no_gain) {
  const FormulaSplit train(40, 97), eval(24, 97);
  RunSpec spec = loop_spec();
  spec.train.learning_rate = 0;
  spec.train.early_stopping_patience = 2;
  const TestRun run(small_plan(spec, 40), train, &eval);
  EXPECT_EQ(run.report.outcome, Outcome::done);
  EXPECT_EQ(run.report.steps, 15);
  EXPECT_EQ(run.report.best_step, 5);
}

TEST(Loop, a_signal_to_one_rank_stops_all_at_the_same_step) {
  const FormulaSplit eval(24, 97);
  TroubledSplit train(40, 97);
  const Group world = Group::world();
  if (world.rank() == world.size() - 1) train.signal_at = 1;
  const TestRun run(small_plan(loop_spec(), 40), train, &eval);
  EXPECT_EQ(run.report.outcome, Outcome::interrupted);
  // Asked while step 1 was computed, met when step 2 is agreed on.
  EXPECT_EQ(run.report.steps, 2);
  EXPECT_TRUE(run.report.eval.rows.empty());
}

TEST(Loop, a_loss_that_stays_infinite_moves_nothing_and_ends_as_diverged) {
  TroubledSplit train(80, 97);
  train.infinite = true;
  RunSpec spec = loop_spec();
  spec.model.task = spec.train.stage = "regression";
  spec.objective = "eval/loss";
  const JobPlan plan = small_plan(spec, 80);
  const TestRun run(plan, train, nullptr);
  EXPECT_EQ(run.report.outcome, Outcome::diverged);
  EXPECT_EQ(run.report.steps, 5);
  for (const Json& line : run.folder.lines("records.jsonl")) EXPECT_TRUE(line["skipped"]);
  const Group world = Group::world();
  const SmallJob fresh(plan, train, world);
  EXPECT_EQ(largest_difference(run.job->units.masters(world), fresh.units.masters(world)), 0);
}

TEST(Loop, with_a_frozen_encoder_only_the_head_moves) {
  const FormulaSplit train(40, 97);
  RunSpec spec = loop_spec();
  spec.train.finetuning_type = "head";
  const JobPlan plan = small_plan(spec, 40);
  const TestRun run(plan, train, nullptr);
  const Group world = Group::world();
  const SmallJob fresh(plan, train, world);
  const ParameterTable after = run.job->units.table(), before = fresh.units.table();
  for (const auto& [name, parameter] : after)
    EXPECT_EQ(!parameter.weight.equal(before.at(name).weight), name.starts_with("head.")) << name;
  for (const ExportedTensor& tensor : run.job->units.masters(world))
    EXPECT_TRUE(tensor.name.starts_with("classifier.")) << tensor.name;
}

TEST(Loop, the_untouched_model_is_evaluated_as_step_0_where_asked_for) {
  const LanguageSplit train(40, 97), eval(24, 97);
  RunSpec spec = language_spec("fp32", Group::world().size(), "lora");
  spec.train.eval_on_start = true;
  const TestRun run(small_plan(spec, 40, tiny_llama()), train, &eval);
  ASSERT_EQ(run.report.outcome, Outcome::done);
  const Json first = run.folder.lines("records.jsonl").front();
  EXPECT_EQ(first["kind"], "eval");
  EXPECT_EQ(first["step"], 0);
  const Json metrics = metrics_json(run.report);
  EXPECT_EQ(metrics["start/loss"], first["loss"]);
  EXPECT_LT(metrics["eval/loss"].get<double>(), metrics["start/loss"].get<double>());
}

TEST(Loop, steps_without_anything_to_learn_move_nothing_and_are_no_divergence) {
  class Unmarked : public FormulaSplit {
   public:
    using FormulaSplit::FormulaSplit;
    void read_marks(std::int64_t document, std::uint8_t* out) const override {
      std::fill_n(out, length(document), std::uint8_t(0));
    }
  };
  const Unmarked train(80, 97);
  const JobPlan plan =
      small_plan(language_spec("fp32", Group::world().size(), "full"), 80, tiny_llama());
  const TestRun run(plan, train, nullptr);
  EXPECT_EQ(run.report.outcome, Outcome::done);
  for (const Json& line : run.folder.lines("records.jsonl")) {
    EXPECT_EQ(line["loss"], 0.0);
    EXPECT_EQ(line["grad_norm"], 0.0);
    EXPECT_FALSE(line["skipped"]);
  }
  const Group world = Group::world();
  const SmallJob fresh(plan, train, world);
  EXPECT_EQ(largest_difference(run.job->units.masters(world), fresh.units.masters(world)), 0);
}

TEST(EnergyMeter, adds_packages_allows_for_a_wrap_and_knows_when_it_knows_nothing) {
  const Folder folder;
  EXPECT_FALSE(EnergyMeter(folder.path / "absent").joules());
  const auto write = [&](const std::string& zone, const std::string& file, double value) {
    fs::create_directories(folder.path / zone);
    std::ofstream(folder.path / zone / file) << std::int64_t(value) << "\n";
  };
  write("intel-rapl:0", "energy_uj", 1e6), write("intel-rapl:0", "max_energy_range_uj", 1e9);
  write("intel-rapl:1", "energy_uj", 9e8), write("intel-rapl:1", "max_energy_range_uj", 1e9);
  write("intel-rapl:0:0", "energy_uj", 0);
  const EnergyMeter meter(folder.path);
  write("intel-rapl:0", "energy_uj", 3e6), write("intel-rapl:1", "energy_uj", 1e8);
  write("intel-rapl:0:0", "energy_uj", 7e8);
  EXPECT_DOUBLE_EQ(meter.joules().value(), 2 + 200);
}

}  // namespace temper
