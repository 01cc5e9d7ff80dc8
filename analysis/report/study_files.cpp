#include "analysis/report/study_files.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <set>

#include "core/file.hpp"
#include "core/outcome.hpp"

namespace temper {
namespace fs = std::filesystem;
namespace {

using Warnings = std::vector<std::string>;

std::string shown(const fs::path& path, const fs::path& root) {
  return path.lexically_relative(root).string();
}

// The object in the file; an empty one, with a warning, where it is damaged. A missing file is a
// warning only when it must be there.
Json read_object(const fs::path& path, const StudyFiles& study, Warnings& warnings,
                 bool must_exist) {
  if (!fs::exists(path)) {
    if (must_exist) warnings.push_back(shown(path, study.root) + " is missing.");
    return Json::object();
  }
  const Checked<Json> json = read_json_file(path);
  if (json && json.value().is_object()) return json.value();
  warnings.push_back(shown(path, study.root) +
                     " is damaged: " + (json ? "not an object" : json.problems().front().text()));
  return Json::object();
}

// Every whole line that is an object. A torn last line is what a kill leaves: no warning.
void read_lines(const fs::path& path, const StudyFiles& study, Warnings& warnings,
                const std::function<void(const Json&)>& take) {
  const Checked<std::string> text = read_text_file(path);
  if (!text) {
    warnings.push_back(shown(path, study.root) + " cannot be read.");
    return;
  }
  const std::string& all = text.value();
  std::int64_t broken = 0;
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = all.find('\n', begin);
    if (end == std::string::npos) break;
    const Json line = Json::parse(all.begin() + std::ptrdiff_t(begin),
                                  all.begin() + std::ptrdiff_t(end), nullptr, false);
    if (line.is_object())
      take(line);
    else
      ++broken;
    begin = end + 1;
  }
  if (broken > 0)
    warnings.push_back(shown(path, study.root) + ": " + std::to_string(broken) +
                       " broken lines were left out.");
}

std::map<std::string, double> numbers_of(const Json& object) {
  std::map<std::string, double> numbers;
  for (const auto& [key, value] : object.items())
    if (value.is_number()) numbers[key] = value.get<double>();
  return numbers;
}

StepRecord step_of(const Json& line) {
  StepRecord record;
  record.step = std::int64_t(number_in(line, "step"));
  record.documents = std::int64_t(number_in(line, "documents"));
  record.tokens = std::int64_t(number_in(line, "tokens"));
  record.epoch = number_in(line, "epoch");
  record.loss = number_in(line, "loss", std::numeric_limits<double>::quiet_NaN());
  record.grad_norm = number_in(line, "grad_norm");
  record.learning_rate = number_in(line, "learning_rate");
  record.seconds = number_in(line, "seconds");
  return record;
}

void read_records(const fs::path& path, const StudyFiles& study, TrialFiles& trial,
                  Warnings& warnings) {
  if (!fs::exists(path)) return;
  read_lines(path, study, warnings, [&](const Json& line) {
    const std::string kind = string_in(line, "kind");
    if (kind == "step") trial.steps_taken.push_back(step_of(line));
    if (kind != "eval") return;
    EvalRecord record{string_in(line, "split", "eval"), std::int64_t(number_in(line, "step")),
                      numbers_of(line)};
    record.metrics.erase("step");
    trial.evaluations.push_back(std::move(record));
  });
}

std::int64_t number_at_end(const std::string& name, const char* prefix) {
  std::int64_t number = 0;
  const std::size_t skip = std::string_view(prefix).size();
  if (!name.starts_with(prefix)) return -1;
  const auto [end, error] = std::from_chars(name.data() + skip, name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : -1;
}

// segment-N/attempt-M, oldest first.
std::vector<fs::path> attempts_of(const fs::path& trial) {
  std::map<std::pair<std::int64_t, std::int64_t>, fs::path> found;
  std::error_code error;
  for (const auto& segment : fs::directory_iterator(trial, error)) {
    const auto n = number_at_end(segment.path().filename().string(), "segment-");
    if (n < 0) continue;
    std::error_code inner;
    for (const auto& attempt : fs::directory_iterator(segment.path(), inner))
      if (const auto m = number_at_end(attempt.path().filename().string(), "attempt-"); m >= 0)
        found[{n, m}] = attempt.path();
  }
  std::vector<fs::path> paths;
  for (const auto& [key, path] : found) paths.push_back(path);
  return paths;
}

void read_plan(const StudyFiles& study, TrialFiles& trial, Warnings& warnings) {
  const Json plan = read_object(study.root / "plan" / (trial.id + ".json"), study, warnings, false);
  trial.spec = object_in(plan, "spec");
  trial.layout = object_in(plan, "mesh");
  trial.plan_digest = string_in(plan, "digest");
  trial.threads_per_rank = std::int64_t(number_in(plan, "threads_per_rank", 1));
  trial.ranks = std::int64_t(
      number_in(object_in(trial.spec, "parallel"), "ranks", number_in(trial.layout, "dp", 1)));
  if (plan.contains("purpose")) trial.purpose = string_in(plan, "purpose", trial.purpose);
}

void take_outcome(const Json& outcome, TrialFiles& trial) {
  trial.metrics = numbers_of(object_in(outcome, "metrics"));
  trial.phases = numbers_of(object_in(outcome, "phases"));
  trial.seconds = number_in(outcome, "seconds");
  trial.setup_seconds = number_in(outcome, "setup_seconds");
  trial.steps = std::int64_t(number_in(outcome, "steps"));
  trial.best_step = std::int64_t(number_in(outcome, "best_step"));
  trial.tokens = std::int64_t(number_in(outcome, "tokens"));
  trial.documents = std::int64_t(number_in(outcome, "documents"));
  trial.peak_memory_bytes = number_in(outcome, "peak_memory_bytes");
  trial.gflops_per_second = number_in(outcome, "matrix_gflops_per_second");
  trial.host = string_in(outcome, "host");
  trial.reason = string_in(outcome, "reason");
  if (outcome.contains("energy_joules") && outcome["energy_joules"].is_number())
    trial.energy_joules = outcome["energy_joules"].get<double>();
  const std::string how = string_in(outcome, "outcome");
  if (!how.empty()) trial.state = how == "done" ? "done" : "failed";
}

void take_result(const Json& result, TrialFiles& trial) {
  if (result.empty()) return;
  trial.state = string_in(result, "state", trial.state);
  trial.purpose = string_in(result, "purpose", trial.purpose);
  trial.reason = string_in(result, "reason", trial.reason);
  trial.host = string_in(result, "host", trial.host);
  trial.started = string_in(result, "started");
  trial.ended = string_in(result, "ended");
  trial.attempts = std::int64_t(number_in(result, "attempts", double(trial.attempts)));
  trial.ranks = std::int64_t(number_in(result, "ranks", double(trial.ranks)));
  trial.threads_per_rank =
      std::int64_t(number_in(result, "threads_per_rank", double(trial.threads_per_rank)));
  trial.seconds = number_in(result, "seconds", trial.seconds);
  trial.core_hours = number_in(result, "core_hours");
  trial.steps = std::int64_t(number_in(result, "steps", double(trial.steps)));
  trial.best_step = std::int64_t(number_in(result, "best_step", double(trial.best_step)));
  trial.repeat = std::int64_t(number_in(result, "repeat", double(trial.repeat)));
  for (const auto& [name, value] : numbers_of(object_in(result, "metrics")))
    trial.metrics[name] = value;
  if (result.contains("energy_joules") && result["energy_joules"].is_number())
    trial.energy_joules = result["energy_joules"].get<double>();
  if (trial.setting.empty()) trial.setting = object_in(result, "setting");
}

// The attempt that counts is the last; predictions come from the last attempt that has them.
void read_trial(const StudyFiles& study, TrialFiles& trial, Warnings& warnings) {
  const fs::path folder = study.root / "trials" / trial.id;
  read_plan(study, trial, warnings);
  double tried_seconds = 0;
  for (const fs::path& attempt : attempts_of(folder)) {
    trial.attempt = attempt;
    ++trial.attempts;
    if (trial.state == "planned") trial.state = "running";
    for (const char* split : {"start", "eval", "test"}) {
      const fs::path file = attempt / ("predictions-" + std::string(split) + ".jsonl");
      if (fs::exists(file)) trial.prediction_files[split] = file;
    }
    const Json outcome = read_object(attempt / "outcome.json", study, warnings, false);
    trial.state = "running";
    if (!outcome.empty()) take_outcome(outcome, trial);
    tried_seconds += trial.seconds;
  }
  trial.core_hours = tried_seconds * double(trial.ranks * trial.threads_per_rank) / 3600;
  if (!trial.attempt.empty()) read_records(trial.attempt / "records.jsonl", study, trial, warnings);
  const Json result = read_object(folder / "result.json", study, warnings, false);
  take_result(result, trial);
  if (trial.state == "done" && trial.purpose != "scale" && trial.metrics.empty())
    warnings.push_back("trial " + trial.id + " is done but tells no metrics.");
}

// What study.json lists, then folders that it does not know.
std::vector<TrialFiles> list_trials(const StudyFiles& study, Warnings& warnings) {
  std::vector<TrialFiles> trials;
  std::set<std::string> known;
  const Json listed = study.study.value("trials", Json::array());
  if (listed.is_array())
    for (const Json& one : listed) {
      TrialFiles trial;
      trial.id = string_in(one, "trial");
      if (trial.id.empty() || trial.id.find('/') != std::string::npos ||
          !known.insert(trial.id).second)
        continue;
      trial.purpose = string_in(one, "purpose", "search");
      trial.setting = object_in(one, "setting");
      trial.repeat = std::int64_t(number_in(one, "repeat"));
      trials.push_back(std::move(trial));
    }
  std::vector<std::string> others;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(study.root / "trials", error))
    if (entry.is_directory() && !known.contains(entry.path().filename().string()))
      others.push_back(entry.path().filename().string());
  std::sort(others.begin(), others.end());
  for (const std::string& id : others) {
    if (!study.study.empty())
      warnings.push_back("trial " + id + " has a folder but study.json does not list it.");
    trials.emplace_back().id = id;
  }
  return trials;
}

// "data/<recipe>.baselines/<name>-<split>.jsonl".
void read_baselines(StudyFiles& study, const fs::path& folder) {
  std::error_code error;
  std::map<std::string, Baseline> found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    for (const std::string split : {"eval", "test"})
      if (const std::string ending = "-" + split + ".jsonl";
          name.ends_with(ending) && name.size() > ending.size()) {
        const std::string system = name.substr(0, name.size() - ending.size());
        found[system].name = system;
        found[system].prediction_files[split] = entry.path();
      }
  }
  for (auto& [name, baseline] : found) study.baselines.push_back(std::move(baseline));
}

void read_data(StudyFiles& study) {
  const std::string store = string_in(study.study, "store");
  if (store.empty()) return;
  fs::path stem = study.root / store;
  stem.replace_extension();
  study.card = read_object(stem.string() + ".json", study, study.warnings, true);
  read_baselines(study, stem.string() + ".baselines");
  const Json& names = study.card.contains("label_names") ? study.card["label_names"] : Json();
  if (names.is_array())
    for (const Json& name : names)
      study.label_names.push_back(name.is_string() ? name.get<std::string>() : name.dump());
}

}  // namespace

PredictionKind StudyFiles::kind() const { return prediction_kind(string_in(study, "task")); }

StudyFiles read_study_files(const fs::path& root) {
  StudyFiles study;
  study.root = root;
  const bool listed = fs::exists(root / "study.json");
  if (!listed && !fs::is_directory(root / "trials"))
    throw WorldFailure(Outcome::io_error,
                       root.string() +
                           ": is no study directory (it holds neither study.json nor trials). "
                           "Name the folder that temper run made, such as runs/NAME?");
  study.study = read_object(root / "study.json", study, study.warnings, true);
  if (const Checked<std::string> text = read_text_file(root / "study.toml"))
    study.manifest = text.value();
  else
    study.warnings.push_back("study.toml is missing.");
  read_data(study);
  study.trials = list_trials(study, study.warnings);
  for (TrialFiles& trial : study.trials) read_trial(study, trial, study.warnings);
  return study;
}

}  // namespace temper
