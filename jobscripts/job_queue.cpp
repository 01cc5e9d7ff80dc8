#include "jobscripts/job_queue.hpp"

#include <chrono>
#include <deque>

#include "core/outcome.hpp"

namespace temper {

namespace {

class Queue {
 public:
  Queue(std::vector<JobTask> tasks, const QueueLimits& limits, const Executor& executor,
        JobBar& bar, const StopSignals& stop)
      : tasks_(std::move(tasks)), limits_(limits), executor_(executor), bar_(bar), stop_(stop) {
    for (std::size_t i = 0; i < tasks_.size(); ++i) waiting_.push_back(i);
  }

  void run() {
    try {
      while (!waiting_.empty() || !running_.empty()) {
        if (stop_.count() > 0) break;
        begin_what_fits();
        if (!look_at_jobs()) executor_.wait(200);
      }
    } catch (...) {
      stop_jobs();
      throw;
    }
    if (waiting_.empty() && running_.empty()) return;
    stop_jobs();
    throw WorldFailure(Outcome::interrupted, "interrupted");
  }

 private:
  struct Running {
    std::size_t task;
    JobId job;
    std::string name;
  };

  bool fits(const JobTask& task) const {
    if (running_.empty()) return true;
    if (task.alone || tasks_[running_[0].task].alone) return false;
    if (limits_.parallel > 0 && std::int64_t(running_.size()) >= limits_.parallel) return false;
    std::int64_t used = task.cores;
    for (const Running& r : running_) used += tasks_[r.task].cores;
    return used <= limits_.cores;
  }

  // Whether no other of the waiting jobs could join this one while it runs.
  bool will_be_alone(const JobTask& task) const {
    return task.alone || limits_.parallel == 1 || task.cores >= limits_.cores ||
           (running_.empty() && waiting_.size() == 1);
  }

  void begin_what_fits() {
    while (!waiting_.empty() && fits(tasks_[waiting_.front()])) {
      const std::size_t index = waiting_.front();
      JobRequest request = tasks_[index].begin();
      request.alone = will_be_alone(tasks_[index]);
      running_.push_back({index, executor_.start(request), request.name});
      waiting_.pop_front();
    }
  }

  // True when a job has ended: there may be room for the next.
  bool look_at_jobs() {
    for (std::size_t i = 0; i < running_.size(); ++i) {
      const Running job = running_[i];
      const JobStatus status = executor_.poll(job.job);
      if (status.state == JobStatus::State::running) {
        bar_.show(job.job, job.name, status.progress);
        continue;
      }
      running_.erase(running_.begin() + std::ptrdiff_t(i));
      bar_.forget(job.job);
      if (tasks_[job.task].end(status, false)) waiting_.push_front(job.task);
      return true;
    }
    return false;
  }

  // Gently, then, after the grace or a second signal, at once.
  void stop_jobs() {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    if (!running_.empty()) bar_.say("stopping; once more to stop at once");
    for (const Running& job : running_) executor_.cancel(job.job, StopHow::gently);
    bool killed = false;
    const int signals = std::max(1, stop_.count());
    while (!running_.empty()) {
      const bool late =
          std::chrono::duration<double>(Clock::now() - begin).count() > limits_.grace_seconds;
      if (!killed && (late || stop_.count() > signals)) {
        for (const Running& job : running_) executor_.cancel(job.job, StopHow::at_once);
        killed = true;
      }
      const Running job = running_.front();
      const JobStatus status = executor_.poll(job.job);
      if (status.state == JobStatus::State::running) {
        executor_.wait(50);
        continue;
      }
      running_.erase(running_.begin());
      bar_.forget(job.job);
      tasks_[job.task].end(status, true);
    }
  }

  std::vector<JobTask> tasks_;
  QueueLimits limits_;
  const Executor& executor_;
  JobBar& bar_;
  const StopSignals& stop_;
  std::deque<std::size_t> waiting_;
  std::vector<Running> running_;
};

}  // namespace

void run_jobs(std::vector<JobTask> tasks, const QueueLimits& limits, const Executor& executor,
              JobBar& bar, const StopSignals& stop) {
  Queue(std::move(tasks), limits, executor, bar, stop).run();
}

}  // namespace temper
