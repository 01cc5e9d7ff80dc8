#include "jobscripts/test_best.hpp"

#include "core/file.hpp"
#include "jobscripts/attempt_end.hpp"

namespace temper {

namespace fs = std::filesystem;

bool test_best_trial(RunContext& context, const Trial& best) {
  Json result = context.results.at(best.id);
  JobPlan plan = value_or_throw(context.planner.plan(best));
  plan.evaluate_test = true;
  plan.test_model = context.folder.model(best.id);
  const fs::path plan_file = context.folder.plan(best.id + "-test");
  write_job_plan(plan_file, plan);
  const fs::path tests = context.folder.trial(best.id) / "test";
  fs::path attempt;
  AttemptEnd end;
  JobTask task;
  task.cores = plan.spec.parallel.ranks * plan.threads_per_rank;
  task.begin = [&] {
    attempt = create_attempt(tests, last_attempt(tests) + 1);
    return JobRequest{.name = "test " + best.id,
                      .arguments = {"test", plan_file, attempt},
                      .ranks = plan.spec.parallel.ranks,
                      .threads_per_rank = plan.threads_per_rank,
                      .alone = true,
                      .log = attempt / "log.txt"};
  };
  std::int64_t failures = 0;
  task.end = [&](const JobStatus& status, bool stopped) {
    end = settle_attempt(attempt, status, stopped);
    result["core_hours"] =
        result.value("core_hours", 0.0) + double(task.cores) * end.seconds / 3600;
    return !stopped && end.outcome != Outcome::done && worth_a_retry(end.outcome) &&
           ++failures < context.study.cluster.max_attempts;
  };
  run_jobs({task}, context.limits(), context.executor, context.bar, context.stop);
  context.note("test_ends", {{"trial", best.id},
                             {"outcome", to_string(end.outcome)},
                             {"reason", end.reason},
                             {"seconds", end.seconds}});
  if (end.outcome != Outcome::done) {
    context.bar.say("test " + best.id + ": " + to_string(end.outcome) + ": " + end.reason);
    return false;
  }
  // The attempt that made the model shows its predictions on the test split too.
  const fs::path predictions =
      context.folder.trial(best.id) / result.value("attempt", "") / "predictions-test.jsonl";
  write_file_atomically(predictions,
                        value_or_throw(read_text_file(attempt / "predictions-test.jsonl")));
  const Json metrics = end.record.value("metrics", Json::object());
  for (const auto& [name, value] : metrics.items())
    if (name.starts_with("test/")) result["metrics"][name] = value;
  write_file_atomically(context.folder.result(best.id), result.dump(1) + "\n");
  context.results[best.id] = result;
  return true;
}

}  // namespace temper
