#include "jobscripts/trial_history.hpp"

namespace temper {

namespace {

void begin_attempt(TrialHistory& trial, const Json& event) {
  ++trial.attempts;
  const std::string time = event.value("time", "");
  if (trial.started.empty()) trial.started = time;
  trial.open_attempt = event.value("attempt", "");
  trial.open_since = time;
  trial.open_cores =
      event.value("ranks", std::int64_t{1}) * event.value("threads_per_rank", std::int64_t{1});
}

void end_attempt(TrialHistory& trial, const Json& event) {
  const std::string outcome = event.value("outcome", "");
  if (outcome != "done" && outcome != "interrupted") ++trial.failures;
  trial.seconds += event.value("seconds", 0.0);
  trial.core_hours += event.value("core_hours", 0.0);
  if (event.contains("energy_joules") && event["energy_joules"].is_number()) {
    trial.energy_joules += event["energy_joules"].get<double>();
    trial.energy_known = true;
  }
  trial.open_attempt.clear(), trial.open_since.clear();
}

}  // namespace

void add_event(TrialHistories& trials, const Json& event) {
  const std::string kind = event.value("event", ""), id = event.value("trial", "");
  if (id.empty()) return;
  if (kind == "trial_begins") begin_attempt(trials[id], event);
  if (kind == "attempt_ends") end_attempt(trials[id], event);
  if (kind == "trial_ends") trials[id].failures = 0;
}

TrialHistories fold_journal(const std::vector<Json>& events) {
  TrialHistories trials;
  for (const Json& event : events) add_event(trials, event);
  return trials;
}

}  // namespace temper
