#include "train/loop.hpp"

#include <algorithm>
#include <cmath>

#include "core/contract.hpp"
#include "plan/check_spec.hpp"
#include "train/machine_use.hpp"
#include "train/stop_request.hpp"

namespace temper {

namespace {

// So many steps in a row without an update are no accident.
constexpr int kSkippedStepsToGiveUp = 5;
// The sample of the eval rows is another than that of the training rows.
constexpr std::uint32_t kEvalSample = 1;

double objective_of(const RunSpec& spec, const Evaluation& evaluation) {
  const std::string wanted = spec.objective.substr(spec.objective.find('/') + 1);
  for (const auto& [name, value] : evaluation.metrics)
    if (name == wanted) return value;
  expects(false, "objective ", spec.objective, " is not measured");
  return 0;
}

class Loop {
 public:
  Loop(const Job& job, Records& records, ProgressSink sink)
      : job_(job),
        records_(records),
        trainer_(job.plan, *job.splits.train, job.units, job.layers, job.dp),
        progress_("train", job.plan.batch.total_steps, "steps", sink) {
    const TrainSpec& train = job.plan.spec.train;
    // A scaling study times steps; it asks no quality.
    evaluates_ = job.splits.eval != nullptr && job.plan.purpose != "scale";
    keeps_best_ = evaluates_ && job.plan.spec.checkpoint.load_best_model_at_end;
    eval_steps_ = train.eval_steps > 0 ? train.eval_steps : train.logging_steps;
  }

  RunReport run() {
    const std::int64_t total = job_.plan.batch.total_steps;
    records_.event("training_begins", {{"steps", total}});
    if (evaluates_ && job_.plan.spec.train.eval_on_start) {
      report_.start = evaluate_split();
      records_.record(eval_record("eval", 0, report_.start));
    }
    while (report_.steps < total && report_.outcome == Outcome::done && !stopped_early_) step();
    // A run without steps evaluates what it was given.
    if (total == 0 && evaluates_) evaluate_now();
    progress_.finish();
    if (report_.outcome != Outcome::done) {
      records_.event("training_ends",
                     {{"outcome", to_string(report_.outcome)}, {"reason", report_.reason}});
      return std::move(report_);
    }
    finish();
    records_.event("training_ends", {{"outcome", "done"}, {"best_step", report_.best_step}});
    return std::move(report_);
  }

 private:
  void step() {
    const StepResult result = trainer_.step(report_.steps, stop_.asked());
    const std::int64_t done = ++report_.steps;
    if (done == 1) report_.setup_seconds = process_age_seconds();
    report_.tokens += result.tokens;
    report_.documents += result.documents;
    report_.phases += result.phases;
    report_.matrix.flops += result.matrix.flops;
    report_.matrix.seconds += result.matrix.seconds;
    logged_.add(result);
    skipped_ = result.skipped ? skipped_ + 1 : 0;
    char detail[32];
    std::snprintf(detail, sizeof detail, "loss %.4f", result.loss());
    progress_.set(done, detail);
    const bool last = done == job_.plan.batch.total_steps;
    if (done % job_.plan.spec.train.logging_steps == 0 || last || result.stop || skipped_ > 0)
      log_steps();
    if (skipped_ == kSkippedStepsToGiveUp)
      end(Outcome::diverged, "loss or gradient norm was not finite in " + std::to_string(skipped_) +
                                 " steps in a row, up to step " + std::to_string(done) +
                                 ". Use a smaller train.learning_rate?");
    else if (result.stop)
      end(Outcome::interrupted, "asked to stop after step " + std::to_string(done));
    else if (evaluates_ && (last || eval_is_due(done)))
      evaluate_now();
  }

  bool eval_is_due(std::int64_t done) const {
    const std::string& strategy = job_.plan.spec.train.eval_strategy;
    if (strategy == "steps") return done % eval_steps_ == 0;
    return strategy == "epoch" && done % job_.plan.batch.steps_per_epoch == 0;
  }

  void log_steps() {
    const double epoch = double(report_.steps) / double(job_.plan.batch.steps_per_epoch);
    records_.record(step_record(report_.steps, epoch, logged_));
    logged_ = {};
  }

  void end(Outcome outcome, std::string reason) {
    report_.outcome = outcome;
    report_.reason = std::move(reason);
  }

  Evaluation evaluate_split() {
    const DocumentSource& split = *job_.splits.eval;
    const RunSpec& spec = job_.plan.spec;
    const auto seed = std::uint64_t(spec.train.data_seed.value_or(spec.train.seed));
    Evaluation now =
        evaluate(job_.plan, split,
                 sample_rows(split.documents(), spec.data.max_eval_samples, seed, kEvalSample),
                 job_.layers, job_.dp);
    report_.evaluation_seconds += now.seconds;
    return now;
  }

  // Keeps the state when it is the best so far; counts evaluations without gain.
  void evaluate_now() {
    trainer_.settle();
    const RunSpec& spec = job_.plan.spec;
    Evaluation now = evaluate_split();
    records_.record(eval_record("eval", report_.steps, now));
    const double value = objective_of(spec, now);
    const bool better = !has_best_ || (greater_is_better(spec) ? value > best_ : value < best_) ||
                        (std::isnan(best_) && !std::isnan(value));
    without_gain_ = better ? 0 : without_gain_ + 1;
    if (better) {
      has_best_ = true;
      best_ = value;
      records_.event("best", {{"step", report_.steps}, {spec.objective, value}});
    }
    if (better || !keeps_best_) {
      report_.best_step = report_.steps;
      report_.eval = std::move(now);
      if (keeps_best_ && report_.steps < job_.plan.batch.total_steps)
        best_state_ = job_.units.copy_state();
      else
        best_state_.clear();
    }
    if (spec.train.early_stopping_patience > 0 &&
        without_gain_ >= spec.train.early_stopping_patience) {
      stopped_early_ = true;
      report_.reason = "no gain in " + std::to_string(without_gain_) + " evaluations";
      records_.event("stopped_early", {{"step", report_.steps}});
    }
  }

  void finish() {
    trainer_.settle();
    if (!best_state_.empty()) job_.units.restore_state(best_state_);
    if (!evaluates_) report_.best_step = report_.steps;
    if (!job_.plan.evaluate_test || job_.splits.test == nullptr) return;
    const DocumentSource& split = *job_.splits.test;
    report_.test =
        evaluate(job_.plan, split, sample_rows(split.documents(), 0, 0, 0), job_.layers, job_.dp);
    report_.evaluation_seconds += report_.test.seconds;
    records_.record(eval_record("test", report_.best_step, report_.test));
  }

  const Job& job_;
  Records& records_;
  StopRequest stop_;
  Trainer trainer_;
  Progress progress_;
  RunReport report_;
  StepSums logged_;
  bool evaluates_ = false, keeps_best_ = false, stopped_early_ = false, has_best_ = false;
  std::int64_t eval_steps_ = 1, without_gain_ = 0;
  int skipped_ = 0;
  double best_ = 0;
  std::vector<at::Tensor> best_state_;
};

}  // namespace

RunReport run_loop(const Job& job, Records& records, ProgressSink sink) {
  return Loop(job, records, sink).run();
}

}  // namespace temper
