#include "jobscripts/run_study.hpp"

#include <algorithm>
#include <set>

#include "core/file.hpp"
#include "experiments/study_plan.hpp"
#include "jobscripts/host.hpp"
#include "jobscripts/study_json.hpp"
#include "jobscripts/study_view.hpp"
#include "jobscripts/test_best.hpp"
#include "jobscripts/trial_runner.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

// All problems of all stages at once, before anything is written.
std::vector<Trial> checked_search(const Study& study, const Machine& machine) {
  const Checked<StudyPlan> plan = plan_study(study, machine);
  if (!plan && nothing_fits(plan.problems()))
    throw WorldFailure(Outcome::nothing_fits, to_text(plan.problems()));
  if (!plan) throw BadInput(plan.problems());
  return value_or_throw(expand_search(study));
}

class StudyRun {
 public:
  StudyRun(const Study& study, const Executor& executor, const Machine& machine)
      : study_(study),
        planner_(study, machine),
        search_(checked_search(study, machine)),
        folder_{study.output_dir},
        lock_(folder_),
        journal_(folder_.journal()),
        histories_(fold_journal(journal_.events())),
        context_{study_, folder_, executor, machine,  journal_,
                 bar_,   stop_,   planner_, results_, histories_} {}

  RunReport run() {
    begin();
    run_stage(search_);
    const std::vector<std::size_t> order = decide_best();
    const bool searched = study_.search.wanted();
    const bool have_setting = !searched || !order.empty();
    if (study_.confirm.wanted() && have_setting)
      run_stage(value_or_throw(
          expand_confirm(study_, searched ? settings_of(search_, order, study_.confirm.top_k)
                                          : std::vector<Setting>{Setting{}})));
    if (study_.scale.wanted() && have_setting)
      run_stage(
          value_or_throw(expand_scale(study_, searched ? search_[order[0]].setting : Setting{})));
    if (searched && !study_.confirm.wanted() && !order.empty()) test_best(search_[order[0]]);
    return end();
  }

  // After a signal or a failure that ends the run: what the journal keeps of it.
  void note_end(Outcome outcome, const std::string& reason) {
    context_.note("interrupted", {{"outcome", to_string(outcome)}, {"reason", reason}});
  }

 private:
  void begin() {
    if (journal_.torn_bytes() > 0)
      bar_.say("journal: its torn last line (" + std::to_string(journal_.torn_bytes()) +
               " bytes, left by a crash) was dropped");
    progress_.created = utc_now();
    if (std::filesystem::exists(folder_.study_json())) {
      const Checked<Json> former = read_json_file(folder_.study_json());
      if (former) say_what_changed(former.value());
      if (former) progress_.created = former.value().value("created", progress_.created);
    }
    keep_manifests(folder_, study_.manifests);
  }

  void say_what_changed(const Json& former) {
    if (former.value("manifest_sha256", "") == study_.manifest_sha256) return;
    std::set<std::string> before;
    for (const Json& trial : former.value("trials", Json::array()))
      before.insert(trial.value("trial", ""));
    std::size_t equal = 0;
    for (const Trial& trial : search_) equal += before.count(trial.id);
    bar_.say("the manifest of " + folder_.root.string() + " has changed; " + std::to_string(equal) +
             " of " + std::to_string(search_.size()) +
             " trials are the same and keep their results");
    const Json now = study_json(study_, {}, context_.machine);
    for (const char* part : {"spec", "search", "confirm", "scale", "objective"})
      for (const std::string& line :
           differences({{part, former.value(part, Json())}}, {{part, now.at(part)}}))
        bar_.say("  " + line);
  }

  void run_stage(const std::vector<Trial>& trials) {
    progress_.trials.insert(progress_.trials.end(), trials.begin(), trials.end());
    std::vector<std::string> ids;
    for (const Trial& trial : trials) ids.push_back(trial.id);
    results_.merge(read_results(folder_, ids));
    if (!trials.empty())
      progress_.store = store_name(value_or_throw(planner_.store_of(trials.back())));
    const bool open = std::any_of(trials.begin(), trials.end(),
                                  [&](const Trial& trial) { return !is_over(trial, results_); });
    if (!open) return;
    if (!worked_)
      context_.note("study_begins", {{"manifest_sha256", study_.manifest_sha256},
                                     {"host", host_name()},
                                     {"trials", search_.size()}});
    worked_ = true;
    write_study_json();
    run_trials(context_, trials);
  }

  std::string store_name(const StoreFiles& store) const {
    const auto inside = store.store.lexically_relative(folder_.root);
    return !inside.empty() && *inside.begin() != ".." ? inside.string() : store.store.string();
  }

  std::vector<std::size_t> decide_best() {
    if (!study_.search.wanted()) return {};
    const std::vector<std::size_t> order =
        best_first(search_, results_, study_.base.objective, study_.greater_is_better());
    if (order.empty()) return order;
    const Trial& best = search_[order[0]];
    progress_.best = best.id;
    if (worked_)
      context_.note("best", {{"trial", best.id},
                             {"value", *metric_of(results_[best.id], study_.base.objective)}});
    return order;
  }

  void test_best(const Trial& best) {
    for (const auto& [name, value] : results_.at(best.id).at("metrics").items())
      if (name.starts_with("test/")) return;
    if (value_or_throw(planner_.facts_of(best)).test_documents == 0) return;
    worked_ = true;
    if (!test_best_trial(context_, best)) test_failed_ = true;
  }

  RunReport end() {
    Outcome outcome = test_failed_ ? Outcome::failed_trials : Outcome::done;
    std::set<Outcome> failures;
    std::size_t failed = 0;
    for (const Trial& trial : progress_.trials)
      if (!is_done(trial, results_)) {
        ++failed;
        failures.insert(outcome_of_exit_code(results_[trial.id].value("exit_code", 70)));
      }
    if (failed > 0) outcome = Outcome::failed_trials;
    // Nothing came of it, for one reason: that reason is the study's.
    if (failed > 0 && failed == progress_.trials.size() && failures.size() == 1)
      outcome = *failures.begin();
    progress_.complete = true;
    write_study_json();
    if (worked_) context_.note("study_complete", {{"failed_trials", failed}});
    return {.outcome = outcome, .was_complete = !worked_};
  }

  void write_study_json() {
    const std::string text = study_json(study_, progress_, context_.machine).dump(1) + "\n";
    const auto path = folder_.study_json();
    if (std::filesystem::exists(path)) {
      const Checked<std::string> there = read_text_file(path);
      if (there && there.value() == text) return;
    }
    write_file_atomically(path, text);
  }

  const Study& study_;
  TrialPlanner planner_;
  const std::vector<Trial> search_;
  const StudyFolder folder_;
  StudyLock lock_;
  Journal journal_;
  TrialHistories histories_;
  Results results_;
  JobBar bar_;
  StopSignals stop_;
  RunContext context_;
  StudyProgress progress_;
  bool worked_ = false, test_failed_ = false;
};

}  // namespace

RunReport run_study(const Study& study, const Executor& executor, const Machine& machine) {
  StudyRun run(study, executor, machine);
  try {
    return run.run();
  } catch (...) {
    std::string reason;
    const Outcome outcome = outcome_of_current_exception(reason);
    run.note_end(outcome, reason);
    throw;
  }
}

}  // namespace temper
