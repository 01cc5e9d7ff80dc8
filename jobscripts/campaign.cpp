#include "jobscripts/campaign.hpp"

#include <algorithm>
#include <cmath>

namespace temper {

namespace {

bool serves(const Trial& trial, const Json& result) {
  const std::string purpose = result.value("purpose", "");
  return purpose == trial.purpose || trial.purpose == "search" || purpose == "confirm";
}

void flatten(const Json& value, const std::string& prefix, std::map<std::string, Json>& flat) {
  if (!value.is_object() || value.empty()) {
    flat[prefix] = value;
    return;
  }
  for (const auto& [key, part] : value.items())
    flatten(part, prefix.empty() ? key : prefix + "." + key, flat);
}

}  // namespace

bool is_done(const Trial& trial, const Results& results) {
  const auto found = results.find(trial.id);
  return found != results.end() && serves(trial, found->second) &&
         found->second.value("state", "") == "done";
}

bool is_over(const Trial& trial, const Results& results) {
  const auto found = results.find(trial.id);
  return is_done(trial, results) ||
         (found != results.end() && serves(trial, found->second) &&
          found->second.value("outcome", "") == to_string(Outcome::diverged));
}

std::optional<double> metric_of(const Json& result, const std::string& name) {
  const auto metrics = result.find("metrics");
  if (metrics == result.end() || !metrics->is_object()) return std::nullopt;
  const auto value = metrics->find(name);
  if (value == metrics->end() || !value->is_number()) return std::nullopt;
  const double number = value->get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::vector<std::size_t> best_first(const std::vector<Trial>& trials, const Results& results,
                                    const std::string& objective, bool greater_is_better) {
  std::vector<std::pair<double, std::size_t>> scored;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (!is_done(trials[i], results)) continue;
    if (const auto value = metric_of(results.at(trials[i].id), objective))
      scored.emplace_back(greater_is_better ? -*value : *value, i);
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::size_t> order;
  for (const auto& [score, index] : scored) order.push_back(index);
  return order;
}

std::vector<Setting> settings_of(const std::vector<Trial>& trials,
                                 const std::vector<std::size_t>& order, std::int64_t count) {
  std::vector<Setting> settings;
  for (std::size_t i = 0; i < order.size() && std::int64_t(i) < count; ++i)
    settings.push_back(trials[order[i]].setting);
  return settings;
}

std::vector<std::string> differences(const Json& before, const Json& now) {
  std::map<std::string, Json> old_values, new_values;
  flatten(before, "", old_values), flatten(now, "", new_values);
  std::vector<std::string> lines;
  for (const auto& [key, value] : new_values) {
    const auto old_value = old_values.find(key);
    if (old_value == old_values.end())
      lines.push_back(key + ": " + value.dump() + " is new");
    else if (old_value->second != value)
      lines.push_back(key + ": " + old_value->second.dump() + " -> " + value.dump());
  }
  for (const auto& [key, value] : old_values)
    if (!new_values.contains(key)) lines.push_back(key + ": " + value.dump() + " is gone");
  return lines;
}

}  // namespace temper
