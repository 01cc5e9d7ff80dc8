#include "jobscripts/trial_runner.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "core/file.hpp"
#include "jobscripts/attempt_end.hpp"
#include "jobscripts/host.hpp"
#include "jobscripts/prepare_data.hpp"
#include "jobscripts/study_table.hpp"
#include "jobscripts/trial_history.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

double core_hours_of(const JobPlan& plan, double seconds) {
  return double(plan.spec.parallel.ranks * plan.threads_per_rank) * seconds / 3600;
}

// One trial on its way: its plan and its attempts.
struct TrialRun {
  const Trial& trial;
  std::string title;  // "trial 2/3 1f2e3d4c"
  JobPlan plan;
  fs::path attempt;
  std::string attempt_path;  // "segment-1/attempt-1"
};

Json result_of(RunContext& context, const TrialRun& run, const AttemptEnd& end) {
  const TrialHistory& history = context.histories[run.trial.id];
  return {{"trial", run.trial.id},
          {"purpose", run.trial.purpose},
          {"state", end.outcome == Outcome::done ? "done" : "failed"},
          {"setting", Json(run.trial.setting)},
          {"outcome", to_string(end.outcome)},
          {"exit_code", exit_code(end.outcome)},
          {"reason", end.reason},
          {"attempts", history.attempts},
          {"attempt", run.attempt_path},
          {"steps", end.record.value("steps", 0)},
          {"best_step", end.record.value("best_step", 0)},
          {"metrics", end.record.value("metrics", Json::object())},
          {"seconds", end.seconds},
          {"core_hours", history.core_hours},
          {"ranks", run.plan.spec.parallel.ranks},
          {"threads_per_rank", run.plan.threads_per_rank},
          {"energy_joules", history.energy_known ? Json(history.energy_joules) : Json()},
          {"host", end.record.value("host", host_name())},
          {"started", history.started},
          {"ended", utc_now()},
          {"repeat", run.trial.repeat}};
}

class TrialRunner {
 public:
  explicit TrialRunner(RunContext& context) : context_(context) {}

  JobTask task_of(const Trial& trial, const std::string& title) {
    const auto run = std::make_shared<TrialRun>(
        TrialRun{trial, title, value_or_throw(context_.planner.plan(trial)), {}, {}});
    write_job_plan(context_.folder.plan(trial.id), run->plan);
    JobTask task;
    task.cores = run->plan.spec.parallel.ranks * run->plan.threads_per_rank;
    task.alone = trial.purpose == "scale";  // a timing that shares the machine is none
    task.begin = [this, run] { return begin(*run); };
    task.end = [this, run](const JobStatus& status, bool stopped) {
      return end(*run, status, stopped);
    };
    return task;
  }

 private:
  JobRequest begin(TrialRun& run) {
    const fs::path segment = context_.folder.segment(run.trial.id);
    const std::int64_t number = last_attempt(segment) + 1;
    run.attempt_path = "segment-1/" + attempt_name(number);
    run.attempt = create_attempt(segment, number);
    context_.note("trial_begins", {{"trial", run.trial.id},
                                   {"purpose", run.trial.purpose},
                                   {"attempt", run.attempt_path},
                                   {"ranks", run.plan.spec.parallel.ranks},
                                   {"threads_per_rank", run.plan.threads_per_rank}});
    return {.name = run.title,
            .arguments = {"train", context_.folder.plan(run.trial.id), run.attempt},
            .ranks = run.plan.spec.parallel.ranks,
            .threads_per_rank = run.plan.threads_per_rank,
            .alone = false,
            .log = run.attempt / "log.txt"};
  }

  bool end(TrialRun& run, const JobStatus& status, bool stopped) {
    const AttemptEnd end = settle_attempt(run.attempt, status, stopped);
    Json event = {{"trial", run.trial.id},
                  {"attempt", run.attempt_path},
                  {"outcome", to_string(end.outcome)},
                  {"exit_code", exit_code(end.outcome)},
                  {"reason", end.reason},
                  {"seconds", end.seconds},
                  {"core_hours", core_hours_of(run.plan, end.seconds)}};
    if (const Json energy = end.record.value("energy_joules", Json()); energy.is_number())
      event["energy_joules"] = energy;
    context_.note("attempt_ends", event);
    if (stopped && end.outcome != Outcome::done) return false;
    if (end.outcome != Outcome::done && worth_a_retry(end.outcome)) {
      const std::int64_t failures = context_.histories[run.trial.id].failures;
      if (failures < context_.study.cluster.max_attempts) {
        context_.bar.say(run.title + ": " + to_string(end.outcome) + ", tried again (" +
                         std::to_string(failures) + " of " +
                         std::to_string(context_.study.cluster.max_attempts) +
                         " attempts failed): " + first_lines(end.reason));
        return true;
      }
    }
    finish(run, end);
    return false;
  }

  void finish(const TrialRun& run, const AttemptEnd& end) {
    const Json result = result_of(context_, run, end);
    write_file_atomically(context_.folder.result(run.trial.id), result.dump(1) + "\n");
    context_.results[run.trial.id] = result;
    context_.note("trial_ends", {{"trial", run.trial.id}, {"state", result["state"]}});
    context_.bar.say(run.title + ": " + end_text(result, context_.study.base.objective));
    if (end.outcome == Outcome::done) return;
    context_.bar.say("  log: " + (run.attempt / "log.txt").string());
    if (worth_a_retry(end.outcome) || end.outcome == Outcome::diverged) return;
    if (!reasons_.insert({end.outcome, end.reason}).second)
      throw WorldFailure(
          end.outcome,
          "two trials failed in the same way, so the study stops here: " + first_lines(end.reason));
  }

  RunContext& context_;
  std::set<std::pair<Outcome, std::string>> reasons_;
};

void prepare_stores(RunContext& context, const std::vector<const Trial*>& trials) {
  for (const Trial* trial : trials) {
    const StoreFiles store = value_or_throw(context.planner.store_of(*trial));
    if (store.prepared()) continue;
    const double seconds = prepare_store(store, false, context.machine.cores, context.executor,
                                         context.bar, context.stop);
    context.note("data_prepared", {{"store", store.store.string()}, {"seconds", seconds}});
    context.bar.say("data: prepared in " + duration_text(seconds) + ": " + store.store.string());
    context.planner.forget_data();
  }
}

// An attempt whose run was killed has no end in the journal: it ended when it last wrote.
void close_lost_attempt(RunContext& context, const Trial& trial) {
  const TrialHistory& history = context.histories[trial.id];
  if (history.open_attempt.empty()) return;
  double last = seconds_of_utc(history.open_since);
  const double begin = last;
  std::error_code error;
  for (const auto& file :
       fs::directory_iterator(context.folder.trial(trial.id) / history.open_attempt, error)) {
    const auto written = fs::last_write_time(file.path(), error);
    if (!error)
      last = std::max(last, std::chrono::duration<double>(
                                std::chrono::file_clock::to_sys(written).time_since_epoch())
                                .count());
  }
  context.note("attempt_ends",
               {{"trial", trial.id},
                {"attempt", history.open_attempt},
                {"outcome", to_string(Outcome::interrupted)},
                {"exit_code", exit_code(Outcome::interrupted)},
                {"reason", "the run that had started it was killed"},
                {"seconds", last - begin},
                {"core_hours", double(history.open_cores) * (last - begin) / 3600}});
}

}  // namespace

void run_trials(RunContext& context, const std::vector<Trial>& trials) {
  std::vector<const Trial*> open;
  for (const Trial& trial : trials)
    if (!is_over(trial, context.results)) open.push_back(&trial);
  if (open.empty()) return;
  prepare_stores(context, open);
  TrialRunner runner(context);
  std::vector<JobTask> tasks;
  for (const Trial* trial : open) {
    close_lost_attempt(context, *trial);
    const auto place = std::size_t(trial - trials.data()) + 1;
    tasks.push_back(runner.task_of(*trial, trial->purpose + " " + std::to_string(place) + "/" +
                                               std::to_string(trials.size()) + " " + trial->id));
  }
  run_jobs(std::move(tasks), context.limits(), context.executor, context.bar, context.stop);
}

}  // namespace temper
