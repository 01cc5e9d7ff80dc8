// A study as its directory tells it: for status, tables and the end of a run. Needs no manifest.
//
//   const StudyView view = read_study_view("runs/wn24");
//   std::fputs(study_table(view).c_str(), stdout);
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "jobscripts/campaign.hpp"
#include "jobscripts/study_folder.hpp"
#include "jobscripts/trial_history.hpp"

namespace temper {

struct StudyView {
  StudyFolder folder;
  Json study;       // study.json
  Results results;  // of the trials it lists
  TrialHistories histories;
  std::optional<std::string> run_by;  // the process that runs it now
  std::size_t torn_bytes = 0;         // of the journal's last line

  bool complete() const { return study.value("complete", false); }
};

// Throws WorldFailure (74) when the folder holds no study.
StudyView read_study_view(const std::filesystem::path& directory);

// Reads trials/TRIAL/result.json of those trials that have one; a damaged file counts as none.
Results read_results(const StudyFolder& folder, const std::vector<std::string>& trials);

// planned | running | interrupted | done | failed, of a trial of study.json.
std::string state_of(const StudyView& view, const std::string& trial);

// One object for programs: states, counts, best, time, what comes next.
Json status_json(const StudyView& view);

}  // namespace temper
