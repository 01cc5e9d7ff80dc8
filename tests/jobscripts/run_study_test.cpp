// Studies whose ranks are shell scripts: the way of the campaign, not the training.
#include "jobscripts/run_study.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <thread>

#include "core/file.hpp"
#include "jobscripts/journal.hpp"
#include "jobscripts/local/child_process.hpp"
#include "jobscripts/local/local_executor.hpp"
#include "jobscripts/study_view.hpp"
#include "support/tiny_study.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

// prepare makes a store and its card; train scores a trial by its learning rate. `$ROOT/calls`
// keeps one line for each job.
const std::string kPrepare = R"sh(
echo "$1 $(basename "$2" .json)" >> "$ROOT/calls"
fail() { echo "temper-rank: $2" >&2; exit "$1"; }
outcome() { echo "$1" > "$ATTEMPT/.o" && mv "$ATTEMPT/.o" "$ATTEMPT/outcome.json"; }
if [ "$1" = prepare ]; then
  : > "$3"
  split='"documents":40,"tokens":400,"longest":12,"class_counts":[20,20],"length_counts":[0,40]'
  echo '{"format":"temper-store/1","splits":[{"name":"train",'$split'},{"name":"eval",'$split'},{"name":"test",'$split'}],
    "label_names":["act","ship"],"vocab_size":2004,"recipe_sha256":"","recipe":{},"cleaning":{}}' \
    > "${3%.h5}.json"
  exit 0
fi
ATTEMPT=$3
rate=$(sed -n 's/.*"learning_rate": *\([-0-9.e]*\).*/\1/p' "$2" | head -n 1)
if [ "$1" = test ]; then
  echo '{"id":"1"}' > "$ATTEMPT/predictions-test.jsonl"
  outcome '{"outcome":"done","exit_code":0,"metrics":{"test/accuracy":0.75}}'
  exit 0
fi
succeed() {
  outcome '{"outcome":"done","exit_code":0,"steps":5,"best_step":5,"seconds":0.1,
    "metrics":{"eval/accuracy":'$rate',"eval/loss":1}}'
  exit 0
}
)sh";

const char* const kThreeRates =
    "[search]\nmethod = \"grid\"\n[search.space]\n"
    "\"train.learning_rate\" = [0.25, 0.75, 0.5]\n";

const std::string kOneByOne = std::string(kThreeRates) + "[cluster]\nmax_parallel_trials = 1\n";

}  // namespace

class RunStudy : public TinyStudy {
 protected:
  fs::path rank_script(const std::string& train, const std::string& name = "rank") {
    return script(name, "ROOT=" + root_.string() + "\n" + kPrepare + train);
  }
  RunReport run(const fs::path& manifest, const std::string& train) {
    return run_study(value_or_throw(read_study(manifest)),
                     local_executor({.rank_program = rank_script(train), .cores = 1}),
                     {.cores = 1});
  }
  std::vector<std::string> calls() const {
    std::vector<std::string> lines;
    std::ifstream file(root_ / "calls");
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  std::size_t jobs(const std::string& command) const {
    const auto all = calls();
    return std::size_t(std::count_if(all.begin(), all.end(), [&](const std::string& line) {
      return line.starts_with(command + " ");
    }));
  }
  StudyView view() const { return read_study_view(study_folder()); }

  // A real `temper` whose ranks are the script: the two lie in one folder.
  pid_t start_temper(const std::string& command, const fs::path& manifest, const fs::path& output) {
    fs::create_directories(root_ / "bin");
    if (!fs::exists(root_ / "bin/temper"))
      fs::copy_file(fs::path(TEMPER_BINARY_DIR) / "bin/temper", root_ / "bin/temper");
    const std::string program = (root_ / "bin/temper").string(), file = manifest.string();
    const pid_t child = ::fork();
    if (child != 0) return child;
    const int log = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ::dup2(log, STDOUT_FILENO), ::dup2(log, STDERR_FILENO);
    ::execl(program.c_str(), program.c_str(), command.c_str(), file.c_str(), nullptr);
    ::_exit(126);
  }
  static int end_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  bool wait_for(const fs::path& file) const {
    for (int i = 0; i < 600 && !fs::exists(file); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return fs::exists(file);
  }
};

TEST_F(RunStudy, finds_the_best_of_a_search_tests_it_once_and_is_complete) {
  const fs::path file = manifest(kThreeRates);
  EXPECT_EQ(run(file, "succeed").outcome, Outcome::done);
  const StudyView after = view();
  EXPECT_TRUE(after.complete());
  EXPECT_EQ(after.results.size(), 3u);
  const Json best = after.results.at(after.study["best"].get<std::string>());
  EXPECT_EQ(best["setting"]["train.learning_rate"], 0.75);
  EXPECT_EQ(best["metrics"]["test/accuracy"], 0.75);
  EXPECT_TRUE(fs::exists(study_folder() / "trials" / best["trial"].get<std::string>() /
                         "segment-1/attempt-1/predictions-test.jsonl"));
  EXPECT_EQ(calls().size(), 5u) << "prepare, three trials, one test";
  EXPECT_TRUE(fs::exists(study_folder() / "study.toml"));

  EXPECT_TRUE(run(file, "succeed").was_complete);
  EXPECT_EQ(calls().size(), 5u) << "a complete study runs no job";
}

TEST_F(RunStudy, confirms_the_best_setting_with_other_seeds) {
  const fs::path file = manifest(std::string(kThreeRates) + "[confirm]\nseeds = [1, 2]\n");
  EXPECT_EQ(run(file, "succeed").outcome, Outcome::done);
  EXPECT_EQ(jobs("train"), 5u);
  EXPECT_EQ(jobs("test"), 0u) << "the confirmations look at the test split themselves";
  int confirmed = 0;
  for (const auto& [id, result] : view().results)
    if (result.at("purpose") == "confirm") {
      ++confirmed;
      EXPECT_EQ(
          read_job_plan(study_folder() / "plan" / (id + ".json")).value().spec.train.learning_rate,
          0.75);
    }
  EXPECT_EQ(confirmed, 2);
}

TEST_F(RunStudy, tries_again_what_the_world_broke) {
  const std::string once = "[ -e \"$ROOT/tried\" ] && succeed\n: > \"$ROOT/tried\"\n";
  for (const char* end : {"fail 74 'cannot write'", "kill -9 $$", "fail 77 'lost'", "exit 87"}) {
    fs::remove_all(study_folder()), fs::remove(root_ / "tried"), fs::remove(root_ / "calls");
    EXPECT_EQ(run(manifest(""), once + end).outcome, Outcome::done) << end;
    EXPECT_EQ(jobs("train"), 2u) << end;
    const StudyView after = view();
    EXPECT_EQ(after.results.begin()->second["attempts"], 2);
    EXPECT_EQ(after.results.begin()->second["attempt"], "segment-1/attempt-2");
  }
}

TEST_F(RunStudy, gives_up_after_max_attempts_and_tries_again_when_called_again) {
  const fs::path file = manifest(std::string(kThreeRates) + "[cluster]\nmax_attempts = 2\n");
  const std::string bad = "[ $rate = 0.25 ] && fail 77 'rank 1 is gone'\nsucceed";
  EXPECT_EQ(run(file, bad).outcome, Outcome::failed_trials);
  EXPECT_EQ(jobs("train"), 4u) << "two for the bad one, one for each of the others";
  int failed = 0;
  for (const auto& [id, result] : view().results)
    if (result.at("state") == "failed") {
      ++failed;
      EXPECT_EQ(result.at("outcome"), "lost_rank");
      EXPECT_EQ(result.at("reason"), "rank 1 is gone");
    }
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(run(file, "succeed").outcome, Outcome::done);
  EXPECT_EQ(jobs("train"), 5u) << "only the failed one";
}

TEST_F(RunStudy, does_not_repeat_what_would_fail_again) {
  for (const int code : {64, 65, 70, 76}) {
    fs::remove_all(study_folder()), fs::remove(root_ / "calls");
    const RunReport report = run(manifest(""), "fail " + std::to_string(code) + " 'no'");
    EXPECT_EQ(report.outcome, outcome_of_exit_code(code)) << "nothing came of it, for one reason";
    EXPECT_EQ(jobs("train"), 1u) << code;
  }
}

TEST_F(RunStudy, stops_when_a_second_trial_fails_for_the_same_bad_input) {
  try {
    run(manifest(kThreeRates), "fail 64 'model.safetensors: is cut off'");
    FAIL() << "no throw";
  } catch (const WorldFailure& failure) {
    EXPECT_EQ(failure.outcome(), Outcome::bad_manifest);
    EXPECT_NE(std::string(failure.what()).find("is cut off"), std::string::npos);
  }
  EXPECT_EQ(jobs("train"), 2u);
}

TEST_F(RunStudy, ends_with_the_words_of_a_failed_preparation) {
  const fs::path rank = script("rank", "echo 'temper-rank: train.jsonl:3: no JSON' >&2; exit 64\n");
  try {
    run_study(value_or_throw(read_study(manifest(kThreeRates))),
              local_executor({.rank_program = rank, .cores = 1}), {.cores = 1});
    FAIL() << "no throw";
  } catch (const WorldFailure& failure) {
    EXPECT_EQ(failure.outcome(), Outcome::bad_manifest);
    EXPECT_EQ(std::string(failure.what()), "train.jsonl:3: no JSON");
  }
  EXPECT_FALSE(fs::exists(study_folder() / "trials"));
}

TEST_F(RunStudy, keeps_equal_trials_when_the_manifest_changes) {
  run(manifest(kThreeRates), "succeed");
  const std::string more =
      "[search]\nmethod = \"grid\"\n[search.space]\n"
      "\"train.learning_rate\" = [0.25, 0.75, 0.875]\n";
  EXPECT_EQ(run(manifest(more), "succeed").outcome, Outcome::done);
  EXPECT_EQ(jobs("train"), 4u) << "one new learning rate";
  const StudyView after = view();
  EXPECT_EQ(after.results.size(), 3u);
  EXPECT_EQ(
      after.results.at(after.study["best"].get<std::string>())["setting"]["train.learning_rate"],
      0.875);
}

TEST_F(RunStudy, drops_a_torn_line_of_the_journal_and_goes_on) {
  const fs::path file = manifest("");
  run(file, "succeed");
  const fs::path journal = study_folder() / "journal/study.jsonl";
  std::ofstream(journal, std::ios::app) << R"({"seq":9,"time":"2026)";
  EXPECT_TRUE(run(file, "succeed").was_complete);
  EXPECT_EQ(read_journal(journal).torn_bytes, 0u);
}

TEST_F(RunStudy, continues_after_an_interrupt) {
  rank_script("[ $rate = 0.25 ] && succeed\n: > \"$ROOT/hangs\"\nwhile :; do sleep 0.05; done\n",
              "bin-rank");
  fs::create_directories(root_ / "bin");
  fs::rename(root_ / "bin-rank", root_ / "bin/temper-rank");
  const fs::path file = manifest(kOneByOne);
  const pid_t child = start_temper("run", file, root_ / "out");
  ASSERT_TRUE(wait_for(root_ / "hangs")) << read_text_file(root_ / "out").value();
  ::kill(child, SIGINT);
  EXPECT_EQ(end_of(child), 130) << read_text_file(root_ / "out").value();
  EXPECT_EQ(read_journal(study_folder() / "journal/study.jsonl").events.back().at("event"),
            "interrupted");
  EXPECT_EQ(view().results.size(), 1u);
  EXPECT_EQ(run(file, "succeed").outcome, Outcome::done);
  EXPECT_EQ(jobs("train"), 4u) << "the trial that was done is not run again";
}

TEST_F(RunStudy, continues_after_it_was_killed_and_leaves_no_orphan) {
  rank_script(
      "[ $rate = 0.25 ] && succeed\necho $$ > \"$ROOT/pid\"\n: > \"$ROOT/hangs\"\n"
      "while :; do sleep 0.05; done\n",
      "bin-rank");
  fs::create_directories(root_ / "bin");
  fs::rename(root_ / "bin-rank", root_ / "bin/temper-rank");
  const fs::path file = manifest(kOneByOne);
  const pid_t child = start_temper("run", file, root_ / "out");
  ASSERT_TRUE(wait_for(root_ / "hangs")) << read_text_file(root_ / "out").value();
  const pid_t second = start_temper("run", file, root_ / "out2");
  EXPECT_EQ(end_of(second), 74) << "two runs of one study";
  EXPECT_NE(read_text_file(root_ / "out2").value().find(std::to_string(child)), std::string::npos);
  EXPECT_EQ(state_of(view(), view().study["trials"][1]["trial"]), "running");
  ::kill(child, SIGKILL);
  EXPECT_EQ(end_of(child), 128 + SIGKILL);
  EXPECT_EQ(state_of(view(), view().study["trials"][1]["trial"]), "interrupted");
  const pid_t rank = std::stoi(read_text_file(root_ / "pid").value());
  bool gone = false;
  for (int i = 0; i < 200 && !gone; ++i) {
    const auto state = read_text_file("/proc/" + std::to_string(rank) + "/stat");
    gone = !state || state.value().find(") Z") != std::string::npos;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(gone);
  EXPECT_EQ(run(file, "succeed").outcome, Outcome::done);
  EXPECT_EQ(jobs("train"), 4u);
  EXPECT_EQ(view().results.at(view().study["trials"][1]["trial"]).at("attempts"), 2);
}

TEST_F(RunStudy, says_when_its_directory_cannot_be_written) {
  const fs::path file = manifest("");
  write_file_atomically(root_ / "runs", "a file where the folder should be");
  try {
    run(file, "succeed");
    FAIL() << "no throw";
  } catch (const WorldFailure& failure) {
    EXPECT_EQ(failure.outcome(), Outcome::io_error);
    EXPECT_NE(std::string(failure.what()).find("runs/tiny"), std::string::npos);
  }
  EXPECT_TRUE(calls().empty());
}

TEST_F(RunStudy, ends_with_74_when_the_disk_is_full) {
  const fs::path file = manifest(kThreeRates);
  const fs::path rank = rank_script("head -c 300000 /dev/zero | tr '\\0' '\\n'; succeed");
  const pid_t child = ::fork();
  if (child == 0) {
    // No file may grow beyond 128 KiB: as on a full disk, write fails in the middle.
    const rlimit limit{128 << 10, 128 << 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
    try {
      run_study(value_or_throw(read_study(file)),
                local_executor({.rank_program = rank, .cores = 1}), {.cores = 1});
      ::_exit(0);
    } catch (const WorldFailure& failure) {
      ::_exit(exit_code(failure.outcome()));
    } catch (...) {
      ::_exit(1);
    }
  }
  EXPECT_EQ(end_of(child), 74);
  EXPECT_EQ(run(file, "succeed").outcome, Outcome::done) << "with room again it continues";
}

}  // namespace temper
