#include "jobscripts/local/local_executor.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <memory>

#include "core/contract.hpp"
#include "core/file.hpp"
#include "core/outcome.hpp"
#include "core/progress.hpp"
#include "jobscripts/local/child_process.hpp"
#include "jobscripts/local/process_memory.hpp"

namespace temper {

namespace {

using Clock = std::chrono::steady_clock;

struct LocalJob {
  LocalJob(const Launch& launch, const std::filesystem::path& log_path)
      : log(log_path), child(launch.arguments, launch.environment) {}
  LineAppender log;
  ChildProcess child;
  Clock::time_point begin = Clock::now();
  JobStatus status;
};

class LocalJobs {
 public:
  explicit LocalJobs(const LocalSetup& setup) : setup_(setup) {
    if (::access(setup.rank_program.c_str(), X_OK) != 0)
      throw io_failure("cannot execute", setup.rank_program, errno);
    launcher_.program = setup.launcher.empty() ? TEMPER_MPIEXEC : setup.launcher;
  }

  JobId start(const JobRequest& request) {
    running_[next_] = std::make_unique<LocalJob>(launch_of(request), request.log);
    return next_++;
  }

  JobStatus poll(JobId id) {
    if (const auto ended = ended_.find(id); ended != ended_.end()) return ended->second;
    LocalJob& job = *running_.at(id);
    const std::optional<int> code = job.child.exit_code();
    job.child.read_lines([&](std::string_view line) {
      JobProgress& p = job.status.progress;
      if (!parse_progress_line(line, p.label, p.done, p.total, p.unit, p.detail))
        job.log.append(line);
    });
    job.status.seconds = std::chrono::duration<double>(Clock::now() - job.begin).count();
    if (!code) return job.status;
    job.status.exit_code = *code;
    job.status.state = JobStatus::State::ended;
    ended_[id] = job.status;
    running_.erase(id);
    return ended_[id];
  }

  void cancel(JobId id, StopHow how) {
    const auto job = running_.find(id);
    if (job == running_.end()) return;
    if (how == StopHow::gently)
      job->second->child.send_signal(SIGTERM);
    else
      job->second->child.kill_tree();
  }

  std::string describe(const JobRequest& request) { return to_text(launch_of(request)); }

  void wait(int milliseconds) {
    std::vector<pollfd> outputs;
    for (const auto& [id, job] : running_)
      if (job->child.output() >= 0) outputs.push_back({job->child.output(), POLLIN, 0});
    // A child that closed its output is only seen by its exit code: look again soon.
    if (outputs.empty()) milliseconds = std::min(milliseconds, 20);
    ::poll(outputs.data(), nfds_t(outputs.size()), milliseconds);
  }

 private:
  Launch launch_of(const JobRequest& request) {
    expects(request.ranks >= 1, "a job of ", request.ranks, " ranks");
    if (request.ranks > 1 && !kind_known_) {
      launcher_.kind = launcher_kind(run_program({launcher_.program, "--version"}, {}).text);
      reads_memory_ = siblings_may_read_memory();
      kind_known_ = true;
    }
    return plan_launch(request, launcher_,
                       {setup_.rank_program, setup_.cores, ::geteuid() == 0, reads_memory_});
  }

  LocalSetup setup_;
  Launcher launcher_;
  bool kind_known_ = false, reads_memory_ = false;
  JobId next_ = 0;
  std::map<JobId, std::unique_ptr<LocalJob>> running_;
  std::map<JobId, JobStatus> ended_;
};

}  // namespace

Executor local_executor(const LocalSetup& setup) {
  const auto jobs = std::make_shared<LocalJobs>(setup);
  return {.start = [jobs](const JobRequest& request) { return jobs->start(request); },
          .poll = [jobs](JobId id) { return jobs->poll(id); },
          .cancel = [jobs](JobId id, StopHow how) { jobs->cancel(id, how); },
          .describe = [jobs](const JobRequest& request) { return jobs->describe(request); },
          .wait = [jobs](int milliseconds) { jobs->wait(milliseconds); }};
}

std::filesystem::path rank_program_beside_this() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path rank = self.parent_path() / "temper-rank";
  if (error || ::access(rank.c_str(), X_OK) != 0)
    throw WorldFailure(Outcome::io_error,
                       rank.string() +
                           ": not there (it runs the jobs; the login preset does not build it). "
                           "Run ./setup, or build the cpu preset?");
  return rank;
}

}  // namespace temper
