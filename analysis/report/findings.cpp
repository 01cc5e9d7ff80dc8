#include "analysis/report/findings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "analysis/report/conclusions.hpp"
#include "analysis/report/format.hpp"
#include "analysis/statistics/comparison.hpp"

namespace temper {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

BootstrapOptions bootstrap_options(const ReportOptions& options) {
  BootstrapOptions bootstrap;
  bootstrap.resamples = options.resamples;
  bootstrap.confidence = options.confidence;
  bootstrap.threads = options.threads;
  return bootstrap;
}

// Reading a trial's predictions costs time: only those of the first few are read.
constexpr std::size_t kMostPredictions = 24;

class Finder {
 public:
  Finder(StudyFiles study, const ReportOptions& options) : options_(options) {
    f_.study = std::move(study);
    f_.warnings = f_.study.warnings;
    f_.confidence = options.confidence;
  }

  Findings run() {
    f_.objective = string_in(f_.study.study, "objective", "eval/loss");
    f_.more_is_better = more_is_better_of(f_.objective);
    const Json& given = f_.study.study;
    if (given.contains("greater_is_better") && given["greater_is_better"].is_boolean())
      f_.more_is_better = given["greater_is_better"].get<bool>();
    f_.complete = given.contains("complete") && given["complete"].is_boolean() &&
                  given["complete"].get<bool>();
    describe_trials();
    rank_search();
    choose_final();
    measure_trials();
    show_predictions();
    compare_all();
    judge_targets(f_);
    over_seeds(f_);
    f_.cost = measure_cost(f_.study);
    f_.scaling = measure_scaling(f_.study, options_.confidence);
    tell_state(f_);
    return std::move(f_);
  }

 private:
  const TrialFiles& trial(std::size_t i) const { return f_.study.trials[i]; }
  bool before(double a, double b) const { return f_.more_is_better ? a > b : a < b; }

  void describe_trials() {
    std::set<std::string> keys;
    for (const TrialFiles& one : f_.study.trials) {
      TrialFinding found;
      found.setting = setting_words(one.setting);
      for (const auto& [name, value] : one.metrics)
        found.metrics[name] = {value, kNone, kNone, "as the job told it"};
      const auto objective = one.metrics.find(f_.objective);
      found.objective = objective == one.metrics.end() ? kNone : objective->second;
      found.money = money_of(f_.study, one);
      f_.trials.push_back(std::move(found));
      if (one.purpose == "search")
        for (const auto& [key, value] : one.setting.items()) keys.insert(key);
    }
    const Json& listed = object_in(f_.study.study, "search");
    if (listed.contains("keys") && listed["keys"].is_array())
      for (const Json& key : listed["keys"])
        if (key.is_string() && keys.erase(key.get<std::string>()))
          f_.searched_keys.push_back(key.get<std::string>());
    f_.searched_keys.insert(f_.searched_keys.end(), keys.begin(), keys.end());
  }

  void rank_search() {
    for (std::size_t i = 0; i < f_.trials.size(); ++i) {
      const std::string& purpose = trial(i).purpose;
      if ((purpose == "search" || purpose == "single") && trial(i).state == "done" &&
          std::isfinite(f_.trials[i].objective))
        f_.ranking.push_back(i);
    }
    std::stable_sort(f_.ranking.begin(), f_.ranking.end(), [&](std::size_t a, std::size_t b) {
      return before(f_.trials[a].objective, f_.trials[b].objective);
    });
    const std::string named = string_in(f_.study.study, "best");
    const auto at = std::find_if(f_.ranking.begin(), f_.ranking.end(),
                                 [&](std::size_t i) { return trial(i).id == named; });
    if (at != f_.ranking.end()) std::rotate(f_.ranking.begin(), at, at + 1);
    if (!f_.ranking.empty()) f_.best = f_.ranking[0];
    if (f_.ranking.size() > 1) f_.runner_up = f_.ranking[1];
  }

  // The searched part of a setting: what a confirmation shares with the trial it confirms.
  Json searched_part(std::size_t i) const {
    Json part = Json::object();
    for (const std::string& key : f_.searched_keys)
      if (trial(i).setting.contains(key)) part[key] = trial(i).setting[key];
    return part;
  }

  // Confirmations of several settings: the one with the best mean objective counts.
  void choose_final() {
    std::map<std::string, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < f_.trials.size(); ++i)
      if (trial(i).purpose == "confirm" && trial(i).state == "done")
        groups[canonical_json(searched_part(i))].push_back(i);
    double best = kNone;
    for (const auto& [key, members] : groups) {
      std::vector<double> values;
      for (const std::size_t i : members) values.push_back(f_.trials[i].objective);
      const double value = mean(values);
      if (f_.final.empty() || before(value, best)) {
        f_.final = members;
        best = value;
      }
    }
    if (f_.final.empty() && f_.best) f_.final = {*f_.best};
  }

  std::optional<Predictions> read(const std::filesystem::path& path) {
    Checked<Predictions> read = read_predictions(path, f_.study.kind(), f_.study.label_names);
    if (!read) {
      f_.warnings.push_back(read.problems().front().text());
      return std::nullopt;
    }
    if (read.value().skipped > 0)
      f_.warnings.push_back(path.lexically_relative(f_.study.root).string() + ": " +
                            std::to_string(read.value().skipped) +
                            " lines are no predictions and were left out.");
    return std::move(read).value();
  }

  std::optional<Predictions> read(std::size_t i, const std::string& split) {
    const auto file = trial(i).prediction_files.find(split);
    if (file == trial(i).prediction_files.end()) return std::nullopt;
    return read(file->second);
  }

  void measure_trials() {
    std::vector<std::size_t> order = f_.final;
    order.insert(order.end(), f_.ranking.begin(), f_.ranking.end());
    for (std::size_t i = 0; i < f_.trials.size(); ++i)
      if (trial(i).purpose == "confirm") order.push_back(i);
    std::set<std::size_t> seen;
    for (const std::size_t i : order) {
      if (!seen.insert(i).second || seen.size() > kMostPredictions) continue;
      for (const std::string split : {"eval", "test"})
        if (const auto predictions = read(i, split)) take(i, split, *predictions);
    }
  }

  void take(std::size_t i, const std::string& split, const Predictions& predictions) {
    auto& metrics = f_.trials[i].metrics;
    for (auto& [name, measured] : measure(predictions, bootstrap_options(options_)))
      metrics[split + "/" + name] = measured;
    const auto told = trial(i).metrics.find(split + "/accuracy");
    const auto counted = metrics.find(split + "/accuracy");
    if (told != trial(i).metrics.end() && counted != metrics.end() &&
        std::abs(told->second - counted->second.value) > 1e-9)
      f_.warnings.push_back("trial " + trial(i).id + ": its predictions give an accuracy of " +
                            number_text(counted->second.value, 6) + ", the job told " +
                            number_text(told->second, 6) + ".");
  }

  void show_predictions() {
    for (const char* split : {"test", "eval"})
      for (const std::size_t i : f_.final)
        if (!f_.predictions && (f_.predictions = read(i, split))) {
          f_.shown = i;
          f_.shown_split = split;
        }
    if (!f_.predictions || f_.predictions->scores.empty()) return;
    const Predictions& p = *f_.predictions;
    f_.probabilities = score_probabilities(p.classes, p.scores, p.truth);
    std::vector<double> confidences;
    for (std::size_t row = 0; row < p.truth.size(); ++row) {
      const auto begin = p.scores.begin() + std::ptrdiff_t(row * std::size_t(p.classes));
      confidences.push_back(*std::max_element(begin, begin + std::ptrdiff_t(p.classes)));
    }
    f_.calibration_by_chance = calibration_error_by_chance(confidences, 42);
  }

  void add_comparison(Comparison comparison, const Predictions& first, const Predictions& second) {
    comparison.difference = compare(first, second, bootstrap_options(options_));
    if (comparison.difference.rows == 0) {
      f_.warnings.push_back(comparison.second + " shares no row with " + comparison.first + ".");
      return;
    }
    if (comparison.difference.unmatched > 0)
      f_.warnings.push_back(comparison.second + ": " +
                            std::to_string(comparison.difference.unmatched) +
                            " rows are in one of the two systems only and were left out.");
    f_.comparisons.push_back(std::move(comparison));
  }

  // What training has changed: the model as it came, on the eval split.
  void compare_with_untouched() {
    for (const std::size_t i : f_.final) {
      const auto before_training = read(i, "start"), after = read(i, "eval");
      if (!before_training || !after) continue;
      add_comparison({"the model", "the untouched model", "eval", "baseline"}, *after,
                     *before_training);
      return;
    }
  }

  void compare_all() {
    if (f_.predictions)
      for (const Baseline& baseline : f_.study.baselines) {
        const auto file = baseline.prediction_files.find(f_.shown_split);
        if (file == baseline.prediction_files.end()) continue;
        const auto other = read(file->second);
        if (!other || other->kind != f_.predictions->kind) continue;
        f_.baselines.emplace_back(baseline.name, measure(*other, bootstrap_options(options_)));
        add_comparison({"the model", baseline.name, f_.shown_split, "baseline"}, *f_.predictions,
                       *other);
      }
    compare_with_untouched();
    if (f_.best && f_.runner_up) {
      const auto first = read(*f_.best, "eval"), second = read(*f_.runner_up, "eval");
      if (first && second)
        add_comparison(
            {f_.trials[*f_.best].setting, f_.trials[*f_.runner_up].setting, "eval", "runner-up"},
            *first, *second);
    }
    std::vector<double> accuracy, macro;
    for (const Comparison& one : f_.comparisons) {
      accuracy.push_back(one.difference.accuracy_p);
      macro.push_back(one.difference.macro_f1_p);
    }
    accuracy = holm_adjusted(accuracy);
    macro = holm_adjusted(macro);
    for (std::size_t i = 0; i < f_.comparisons.size(); ++i) {
      f_.comparisons[i].accuracy_p_adjusted = accuracy[i];
      f_.comparisons[i].macro_f1_p_adjusted = macro[i];
    }
  }

  ReportOptions options_;
  Findings f_;
};

}  // namespace

double Comparison::gain() const {
  return std::isnan(difference.accuracy.value) ? 0 : difference.accuracy.value;
}

Findings find(StudyFiles study, const ReportOptions& options) {
  return Finder(std::move(study), options).run();
}

}  // namespace temper
