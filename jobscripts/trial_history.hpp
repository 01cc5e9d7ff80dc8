// What the journal tells of each trial: a fold over its events. Pure.
//
//   const TrialHistories histories = fold_journal(journal.events());
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace temper {

struct TrialHistory {
  std::int64_t attempts = 0;  // begun, all of them
  std::int64_t failures = 0;  // attempts that failed since the trial last ended
  double seconds = 0, core_hours = 0, energy_joules = 0;  // of all attempts that ended
  bool energy_known = false;
  std::string started;  // of the first attempt
  // The attempt that began and has not ended: it runs, or its run was killed.
  std::string open_attempt, open_since;
  std::int64_t open_cores = 0;
};

using TrialHistories = std::map<std::string, TrialHistory>;
void add_event(TrialHistories& trials, const Json& event);
TrialHistories fold_journal(const std::vector<Json>& events);

}  // namespace temper
