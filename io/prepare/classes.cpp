#include "io/prepare/classes.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace temper {

namespace {

constexpr std::size_t kMostClasses = 65536;

std::string in_quotes(const std::string& word) { return "\"" + word.substr(0, 60) + "\""; }

std::int64_t integer_of(const std::string& label) {
  std::int64_t value = -1;
  const auto parsed = std::from_chars(label.data(), label.data() + label.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == label.data() + label.size() ? value : -1;
}

std::string first_place(const LabelFacts& facts) {
  for (const std::string& place : facts.first)
    if (!place.empty()) return place;
  return "";
}

// Every label's place among `names`: by its text, or all of them by number.
std::optional<ClassPlan> by_names(const LabelTable& labels, const std::vector<std::string>& names,
                                  bool integers) {
  ClassPlan plan{names, {}};
  bool all = !names.empty();
  for (const auto& [label, facts] : labels) {
    const auto found = std::find(names.begin(), names.end(), label);
    all = all && found != names.end();
    plan.number[label] = std::int32_t(found - names.begin());
  }
  if (all) return plan;
  if (names.empty() || !integers) return std::nullopt;
  for (const auto& [label, facts] : labels) {
    const std::int64_t number = integer_of(label);
    if (number < 0 || number >= std::int64_t(names.size())) return std::nullopt;
    plan.number[label] = std::int32_t(number);
  }
  return plan;
}

Problems missing_names(const LabelTable& labels, const std::vector<std::string>& names) {
  Problems problems;
  for (const auto& [label, facts] : labels)
    if (std::find(names.begin(), names.end(), label) == names.end())
      problems.push_back({"data.label_names",
                          "lacks " + in_quotes(label) + ", the label of " + first_place(facts), "",
                          did_you_mean(label, names)});
  if (problems.size() > 10) problems.resize(10);
  return problems;
}

// Labels of eval and test that training lacks, as one problem each split.
Problems unlearnable(const LabelTable& labels) {
  Problems problems;
  for (int split = 1; split < kSplits; ++split) {
    std::string all, first;
    std::int64_t rows = 0, count = 0;
    for (const auto& [label, facts] : labels) {
      if (facts.counts[0] > 0 || facts.counts[std::size_t(split)] == 0) continue;
      rows += facts.counts[std::size_t(split)];
      if (++count <= 8) all += (count > 1 ? ", " : "") + in_quotes(label);
      if (first.empty()) first = facts.first[std::size_t(split)];
    }
    if (count > 8) all += " and " + std::to_string(count - 8) + " more";
    if (count > 0)
      problems.push_back({first,
                          std::string(split_name(split)) + " has " + std::to_string(rows) +
                              (rows == 1 ? " row of " : " rows of ") + all + ", which train lacks",
                          "what training never shows cannot be learned",
                          "Drop those rows, or add training rows?"});
  }
  return problems;
}

Checked<ClassPlan> by_integers(const LabelTable& labels) {
  ClassPlan plan;
  std::int64_t largest = 0;
  for (const auto& [label, facts] : labels) {
    const std::int64_t number = integer_of(label);
    if (number < 0 || number >= std::int64_t(kMostClasses))
      return Problem{first_place(facts), "the label " + label + " is no class number",
                     "integer labels are class numbers from 0 up",
                     "Set data.label_names, or model.task = \"regression\"?"};
    plan.number[label] = std::int32_t(number);
    largest = std::max(largest, number);
  }
  for (std::int64_t i = 0; i <= largest; ++i) plan.names.push_back(std::to_string(i));
  return plan;
}

}  // namespace

Checked<ClassPlan> plan_classes(const LabelTable& labels, const ClassNames& names) {
  if (labels.size() > kMostClasses)
    return Problem{"data.label_column",
                   "has " + std::to_string(labels.size()) + " different labels",
                   "no classifier has so many classes",
                   "Is it the right column? For numbers set model.task = \"regression\"."};
  bool integers = true;
  std::int64_t trained = 0;
  for (const auto& [label, facts] : labels) {
    integers = integers && facts.integer;
    trained += facts.counts[0] > 0;
  }
  if (const auto own = by_names(labels, names.own, integers)) return *own;
  const Problems lacking = unlearnable(labels);
  if (!lacking.empty()) return lacking;
  if (trained < 2)
    return Problem{"data.label_column",
                   "all rows of train have the label " +
                       (labels.empty() ? "?" : in_quotes(labels.begin()->first)),
                   "there is nothing to tell apart", "Is it the right column?"};
  if (const auto named = by_names(labels, names.named, integers)) return *named;
  if (!names.named.empty()) return missing_names(labels, names.named);
  if (integers) return by_integers(labels);
  ClassPlan plan;
  for (const auto& [label, facts] : labels) {
    plan.number[label] = std::int32_t(plan.names.size());
    plan.names.push_back(label);
  }
  return plan;
}

}  // namespace temper
