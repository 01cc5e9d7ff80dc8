#include "jobscripts/study_view.hpp"

#include "jobscripts/journal.hpp"

namespace temper {

Results read_results(const StudyFolder& folder, const std::vector<std::string>& trials) {
  Results results;
  for (const std::string& trial : trials) {
    if (results.contains(trial) || !std::filesystem::exists(folder.result(trial))) continue;
    const Checked<Json> result = read_json_file(folder.result(trial));
    if (result && result.value().is_object()) results[trial] = result.value();
  }
  return results;
}

StudyView read_study_view(const std::filesystem::path& directory) {
  StudyView view{.folder = {directory}, .study = {}, .results = {}, .histories = {}, .run_by = {}};
  const Checked<Json> study = read_json_file(view.folder.study_json());
  if (!study || study.value().value("format", "") != "temper-study/1")
    throw WorldFailure(Outcome::io_error, directory.string() + ": holds no study (" +
                                              (study ? "its study.json has another format"
                                                     : to_text(study.problems())) +
                                              "). Run it first with temper run?");
  view.study = study.value();
  std::vector<std::string> trials;
  for (const Json& trial : view.study.value("trials", Json::array()))
    trials.push_back(trial.value("trial", ""));
  view.results = read_results(view.folder, trials);
  const JournalText journal = read_journal(view.folder.journal());
  view.histories = fold_journal(journal.events);
  view.torn_bytes = journal.torn_bytes;
  view.run_by = lock_holder(view.folder);
  return view;
}

std::string state_of(const StudyView& view, const std::string& trial) {
  const auto history = view.histories.find(trial);
  if (history != view.histories.end() && !history->second.open_attempt.empty())
    return view.run_by ? "running" : "interrupted";
  const auto result = view.results.find(trial);
  if (result != view.results.end()) return result->second.value("state", "failed");
  return history == view.histories.end() || history->second.attempts == 0 ? "planned"
                                                                          : "interrupted";
}

namespace {

std::string next_action(const StudyView& view, const std::map<std::string, int>& counts) {
  if (view.run_by) return "it is being run by " + *view.run_by;
  if (view.complete() && !counts.contains("failed")) return "nothing; temper report shows it";
  const std::string again = "temper run on its manifest ";
  if (view.complete()) return again + "tries the failed trials again";
  return again + "continues it";
}

}  // namespace

Json status_json(const StudyView& view) {
  std::map<std::string, int> counts;
  Json trials = Json::array();
  double seconds = 0, core_hours = 0;
  for (const Json& trial : view.study.value("trials", Json::array())) {
    const std::string id = trial.value("trial", "");
    Json row = trial;
    row["state"] = state_of(view, id);
    ++counts[row["state"].get<std::string>()];
    if (const auto history = view.histories.find(id); history != view.histories.end()) {
      row["attempts"] = history->second.attempts;
      row["seconds"] = history->second.seconds;
      seconds += history->second.seconds, core_hours += history->second.core_hours;
    }
    if (const auto result = view.results.find(id); result != view.results.end()) {
      row["outcome"] = result->second.value("outcome", "");
      row["reason"] = result->second.value("reason", "");
      row["metrics"] = result->second.value("metrics", Json::object());
    }
    trials.push_back(row);
  }
  const Json best = view.study.value("best", Json());
  return {{"study", view.study.value("name", "")},
          {"directory", view.folder.root.string()},
          {"complete", view.complete()},
          {"run_by", view.run_by ? Json(*view.run_by) : Json()},
          {"objective", view.study.value("objective", "")},
          {"counts", Json(counts)},
          {"best", best},
          {"seconds", seconds},
          {"core_hours", core_hours},
          {"next", next_action(view, counts)},
          {"trials", trials}};
}

}  // namespace temper
