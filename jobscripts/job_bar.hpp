// The one live progress bar of a run: what the running jobs say about themselves, and lines of text
// between.
//
//   bar.show(job, "trial 1f2e3d4c", status.progress);
//   bar.forget(job);                       // it ended
//   bar.say("trial 1f2e3d4c: done");       // on standard error
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/progress.hpp"
#include "jobscripts/executor.hpp"

namespace temper {

class JobBar {
 public:
  void show(JobId job, const std::string& name, const JobProgress& progress);
  void forget(JobId job);
  void say(const std::string& line);

 private:
  struct Shown {
    std::string name;
    JobProgress progress;
  };
  void draw();
  void clear();

  std::map<JobId, Shown> jobs_;
  // Bars by what they count: training and evaluation take turns and keep their rates.
  std::map<std::string, std::unique_ptr<Progress>> bars_;
  std::map<std::string, std::int64_t> drawn_;
};

}  // namespace temper
