#include "jobscripts/job_bar.hpp"

#include <cstdio>

namespace temper {

void JobBar::show(JobId job, const std::string& name, const JobProgress& progress) {
  Shown& shown = jobs_[job];
  const bool same = shown.progress.label == progress.label &&
                    shown.progress.done == progress.done && shown.name == name;
  shown = {name, progress};
  if (!same && !progress.label.empty()) draw();
}

void JobBar::draw() {
  // Jobs side by side are one bar: their sum.
  JobProgress sum;
  std::string names;
  for (const auto& [job, shown] : jobs_) {
    if (shown.progress.label.empty()) continue;
    names += (names.empty() ? "" : " + ") + shown.name;
    sum.label = shown.progress.label, sum.unit = shown.progress.unit;
    sum.done += shown.progress.done, sum.total += shown.progress.total;
    sum.detail = jobs_.size() == 1 ? shown.progress.detail : "";
  }
  const std::string label = names + ": " + sum.label;
  const std::string key = label + "/" + std::to_string(sum.total);
  std::unique_ptr<Progress>& bar = bars_[key];
  if (bar && sum.done < drawn_[key]) {  // begun anew
    bar->clear();
    bar.reset();
  }
  if (!bar) bar = std::make_unique<Progress>(label, sum.total, sum.unit);
  drawn_[key] = sum.done;
  bar->set(sum.done, sum.detail);
}

void JobBar::clear() {
  for (auto& [key, bar] : bars_)
    if (bar) bar->clear();
  bars_.clear();
}

void JobBar::forget(JobId job) {
  jobs_.erase(job);
  clear();
}

void JobBar::say(const std::string& line) {
  clear();
  std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace temper
