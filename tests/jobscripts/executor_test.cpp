#include <signal.h>

#include <thread>

#include "core/file.hpp"
#include "core/outcome.hpp"
#include "jobscripts/attempt_end.hpp"
#include "jobscripts/job_queue.hpp"
#include "jobscripts/local/child_process.hpp"
#include "jobscripts/local/local_executor.hpp"
#include "support/folder_test.hpp"

namespace temper {

namespace fs = std::filesystem;

class Executors : public FolderTest {
 protected:
  Executor executor_for(const std::string& rank_script) {
    return local_executor(
        {.rank_program = script("rank", rank_script), .launcher = "", .cores = 2});
  }
  JobStatus run(const Executor& executor, std::int64_t ranks = 1) {
    const JobId job = executor.start({.name = "test",
                                      .arguments = {"train", "plan.json"},
                                      .ranks = ranks,
                                      .log = root_ / "log.txt"});
    JobStatus status;
    while ((status = executor.poll(job)).state == JobStatus::State::running) executor.wait(200);
    return status;
  }
  std::string log() { return read_text_file(root_ / "log.txt").value(); }
};

TEST_F(Executors, pass_arguments_keep_the_log_and_tell_progress) {
  const Executor executor = executor_for(
      "echo \"$1 $2 threads $OMP_NUM_THREADS\"\n"
      "echo '@progress {\"label\":\"train\",\"done\":3,\"total\":9,\"unit\":\"steps\"}'\n"
      "echo to stderr >&2\n"
      "printf 'no newline'\n");
  const JobStatus status = run(executor);
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_EQ(status.progress.label, "train");
  EXPECT_EQ(status.progress.done, 3);
  EXPECT_EQ(log(), "train plan.json threads 1\nto stderr\nno newline\n");
}

TEST_F(Executors, run_ranks_under_the_launcher) {
  if (run_program({"sh", "-c", "command -v mpirun"}, {}).exit_code != 0)
    GTEST_SKIP() << "no mpirun";
  EXPECT_EQ(run(executor_for("echo rank; exit 0"), 2).exit_code, 0);
  EXPECT_EQ(log(), "rank\nrank\n");
  EXPECT_EQ(run(executor_for("exit 76"), 2).exit_code, 76);
  EXPECT_EQ(outcome_of_exit_status(run(executor_for("kill -9 $$"), 2).exit_code),
            Outcome::lost_rank);
}

TEST_F(Executors, tell_exit_codes_and_signals_as_shells_do) {
  EXPECT_EQ(run(executor_for("exit 87")).exit_code, 87);
  EXPECT_EQ(run(executor_for("kill -SEGV $$")).exit_code, 128 + SIGSEGV);
  EXPECT_EQ(outcome_of_exit_status(128 + SIGSEGV), Outcome::lost_rank);
  EXPECT_EQ(outcome_of_exit_status(42), Outcome::bug);
}

TEST_F(Executors, name_a_program_that_cannot_be_started) {
  try {
    local_executor({.rank_program = root_ / "none", .launcher = "", .cores = 1});
    FAIL() << "no throw";
  } catch (const WorldFailure& failure) {
    EXPECT_NE(std::string(failure.what()).find("none"), std::string::npos);
  }
  EXPECT_THROW(ChildProcess({"/nowhere/program"}, {}), WorldFailure);
}

TEST_F(Executors, cancel_gently_first) {
  const Executor executor = executor_for(
      "trap 'echo saved; exit 75' TERM\n: > ready\n"
      "while :; do sleep 0.05; done\n");
  fs::current_path(root_);
  const JobId job = executor.start({.name = "x", .log = root_ / "log.txt"});
  while (!fs::exists(root_ / "ready")) executor.wait(20);
  executor.cancel(job, StopHow::gently);
  while (executor.poll(job).state == JobStatus::State::running) executor.wait(100);
  EXPECT_EQ(executor.poll(job).exit_code, 75);
  EXPECT_NE(log().find("saved\n"), std::string::npos) << log();
  fs::current_path("/");
}

TEST_F(Executors, kill_all_that_a_job_started_even_in_other_process_groups) {
  const Executor executor =
      executor_for("setsid sh -c 'trap \"\" TERM; echo $$ > " + (root_ / "pid").string() +
                   "; while :; do sleep 0.05; done' &\ntrap '' TERM\nwait\nwait\n");
  const JobId job = executor.start({.name = "x", .log = root_ / "log.txt"});
  while (!fs::exists(root_ / "pid") || fs::file_size(root_ / "pid") == 0) executor.wait(20);
  const pid_t grandchild = std::stoi(read_text_file(root_ / "pid").value());
  executor.cancel(job, StopHow::at_once);
  while (executor.poll(job).state == JobStatus::State::running) executor.wait(100);
  EXPECT_EQ(executor.poll(job).exit_code, 128 + SIGKILL);
  for (int i = 0; i < 100 && ::kill(grandchild, 0) == 0; ++i) executor.wait(20);
  std::string state;
  if (::kill(grandchild, 0) == 0)  // dead, and not yet collected by who adopted it
    state = read_text_file("/proc/" + std::to_string(grandchild) + "/stat").value();
  EXPECT_TRUE(state.empty() || state.find(") Z") != std::string::npos) << state;
}

TEST_F(Executors, fill_the_cores_and_no_more) {
  const Executor executor = executor_for("sleep 0.2\n");
  JobBar bar;
  const StopSignals stop;
  int running = 0, most = 0, ended = 0;
  std::vector<JobTask> tasks;
  for (int i = 0; i < 5; ++i) {
    JobTask task;
    task.alone = i == 4;
    task.begin = [&, i] {
      most = std::max(most, ++running);
      EXPECT_TRUE(i != 4 || running == 1) << "the last one asked to be alone";
      return JobRequest{.name = "t", .log = root_ / "log.txt"};
    };
    task.end = [&](const JobStatus&, bool) {
      --running, ++ended;
      return false;
    };
    tasks.push_back(task);
  }
  run_jobs(tasks, {.cores = 2}, executor, bar, stop);
  EXPECT_EQ(ended, 5);
  EXPECT_EQ(most, 2);
}

TEST_F(Executors, stop_all_jobs_after_a_signal) {
  const Executor executor = executor_for("trap '' TERM\nwhile :; do sleep 0.05; done\n");
  JobBar bar;
  const StopSignals stop;
  bool stopped = false;
  JobTask task;
  task.begin = [&] { return JobRequest{.name = "t", .log = root_ / "log.txt"}; };
  task.end = [&](const JobStatus& status, bool by_signal) {
    stopped = by_signal && status.exit_code == 128 + SIGKILL;
    return true;
  };
  const pid_t self = ::getpid();
  std::thread user([self] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ::kill(self, SIGINT);
  });
  EXPECT_THROW(run_jobs({task}, {.cores = 1, .grace_seconds = 0.3}, executor, bar, stop),
               WorldFailure);
  user.join();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(stop.count(), 1);
}

TEST(Launches, are_singletons_for_one_rank_and_bound_only_where_they_fit) {
  JobRequest request{.name = "", .arguments = {"train"}, .ranks = 1, .threads_per_rank = 2};
  const Launcher launcher{"mpirun", LauncherKind::open_mpi};
  Launch launch = plan_launch(request, launcher, {"/bin/rank", 2, true});
  EXPECT_EQ(launch.arguments, (std::vector<std::string>{"/bin/rank", "train"}));
  EXPECT_EQ(launch.environment["OMP_NUM_THREADS"], "2");
  const auto binding = [&](std::int64_t ranks, std::int64_t threads, bool alone) {
    request.ranks = ranks, request.threads_per_rank = threads, request.alone = alone;
    launch = plan_launch(request, launcher, {"/bin/rank", 2, true});
    return *(std::find(launch.arguments.begin(), launch.arguments.end(), "--bind-to") + 1);
  };
  EXPECT_EQ(binding(2, 1, true), "core:overload-allowed");
  EXPECT_EQ(binding(2, 1, false), "none");
  EXPECT_EQ(binding(4, 1, true), "none");
  EXPECT_EQ(binding(2, 2, true), "none");
  EXPECT_TRUE(launch.environment.contains("OMPI_ALLOW_RUN_AS_ROOT"));
  launch = plan_launch(request, launcher, {"/bin/rank", 2, false});
  EXPECT_FALSE(launch.environment.contains("OMPI_ALLOW_RUN_AS_ROOT"));
  const std::string copies = "OMPI_MCA_btl_vader_single_copy_mechanism";
  EXPECT_EQ(launch.environment[copies], "none");
  launch = plan_launch(request, launcher, {"/bin/rank", 2, false, true});
  EXPECT_EQ(launch.environment[copies], "cma");
  EXPECT_EQ(launcher_kind("HYDRA build details:"), LauncherKind::hydra);
  EXPECT_EQ(launcher_kind("mpirun (Open MPI) 4.1.4"), LauncherKind::open_mpi);
}

class AttemptEnds : public FolderTest {
 protected:
  AttemptEnd settle(int code, const std::string& log, bool stopped = false) {
    write_file_atomically(root_ / "log.txt", log);
    return settle_attempt(root_, {.state = JobStatus::State::ended, .exit_code = code}, stopped);
  }
};

TEST_F(AttemptEnds, are_what_the_job_wrote) {
  write_file_atomically(root_ / "outcome.json",
                        R"({"outcome":"diverged","exit_code":76,"reason":"step 3"})");
  const AttemptEnd end = settle(0, "");
  EXPECT_EQ(end.outcome, Outcome::diverged);
  EXPECT_EQ(end.reason, "step 3");
}

TEST_F(AttemptEnds, without_a_file_are_never_done) {
  EXPECT_EQ(settle(0, "").outcome, Outcome::bug);
  EXPECT_TRUE(fs::exists(root_ / "outcome.json"));
}

TEST_F(AttemptEnds, take_the_reason_from_the_log) {
  const AttemptEnd end = settle(
      64, "loading\ntemper-rank: a: is wrong. Fix it?\nb: too\n-----\nPrimary job terminated\n");
  EXPECT_EQ(end.outcome, Outcome::bad_manifest);
  EXPECT_EQ(end.reason, "a: is wrong. Fix it?\nb: too");
}

TEST_F(AttemptEnds, name_the_signal) {
  const AttemptEnd end = settle(128 + SIGKILL, "");
  EXPECT_EQ(end.outcome, Outcome::lost_rank);
  EXPECT_NE(end.reason.find("signal 9"), std::string::npos) << end.reason;
  EXPECT_TRUE(worth_a_retry(end.outcome));
}

TEST_F(AttemptEnds, that_were_asked_for_are_interruptions) {
  EXPECT_EQ(settle(143, "", true).outcome, Outcome::interrupted);
}

}  // namespace temper
