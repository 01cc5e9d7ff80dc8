#include "jobscripts/study_table.hpp"

#include <algorithm>
#include <cstdio>

#include "core/progress.hpp"

namespace temper {

namespace {

constexpr std::size_t kShownRows = 20, kShownLines = 6;
constexpr std::size_t kSettingWidth = 33;

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", value);
  return std::string(text).size() <= 10 ? text
                                        : (std::snprintf(text, sizeof text, "%.3e", value), text);
}

// At most `width` characters, never inside one.
std::string cut(std::string text, std::size_t width) {
  if (text.size() <= width) return text;
  std::size_t end = width - 2;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "..";
}

std::string padded(const std::string& text, int width) {  // negative: to the left edge
  const std::size_t size = text.size(), wide = std::size_t(std::abs(width));
  const std::string space(size < wide ? wide - size : 0, ' ');
  return width < 0 ? text + space : space + text;
}

std::string number_text(const Json& result, const std::string& metric) {
  const auto value = metric_of(result, metric);
  return value ? short_number(*value) : "-";
}

struct Row {
  std::string line;
  std::optional<double> score;
};

// The test metric that answers to an objective of the eval split.
std::string test_metric_of(const std::string& objective) {
  return objective.starts_with("eval/") ? "test/" + objective.substr(5) : "test/loss";
}

Row row_of(const StudyView& view, const Json& trial) {
  const std::string id = trial.value("trial", ""), state = state_of(view, id);
  const std::string objective = view.study.value("objective", "eval/loss");
  const auto found = view.results.find(id);
  const Json result = found == view.results.end() ? Json::object() : found->second;
  const bool best =
      view.study.value("best", Json()) == id && trial.value("purpose", "") == "search";
  const auto history = view.histories.find(id);
  const double seconds = history == view.histories.end() ? 0 : history->second.seconds;
  std::string what = state == "done" ? number_text(result, objective)
                     : state == "failed" && result.value("outcome", "") == "diverged" ? "diverged"
                                                                                      : state;
  Row row;
  row.score = state == "done" ? metric_of(result, objective) : std::nullopt;
  row.line = std::string(best ? "* " : "  ") + padded(cut(id, 10), -10) + " " +
             padded(cut(setting_text(trial.value("setting", Json::object())), kSettingWidth),
                    -int(kSettingWidth)) +
             " " + padded(cut(what, 11), 11) + " " +
             padded(number_text(result, test_metric_of(objective)), 10) + " " +
             padded(seconds > 0 ? duration_text(seconds) : "-", 9);
  while (row.line.ends_with(' ')) row.line.pop_back();
  return row;
}

void keep_the_best(std::vector<Row>& rows, bool greater_is_better) {
  if (rows.size() <= kShownRows) return;
  std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    if (!a.score || !b.score) return a.score.has_value() && !b.score.has_value();
    return greater_is_better ? *a.score > *b.score : *a.score < *b.score;
  });
  rows.resize(kShownRows);
}

}  // namespace

std::string setting_text(const Json& setting) {
  // What a layout is stands first: a scaling study's settings are cut after it.
  std::string layout, others;
  for (const auto& [key, value] : setting.items()) {
    std::string& text = key.starts_with("parallel.") ? layout : others;
    text += (text.empty() ? "" : ", ") + key.substr(key.rfind('.') + 1) + " " +
            (value.is_string() ? value.get<std::string>() : value.dump());
  }
  const std::string text = layout + (layout.empty() || others.empty() ? "" : ", ") + others;
  return text.empty() ? "as the manifest says" : text;
}

std::string first_lines(const std::string& text) {
  std::size_t end = 0;
  for (std::size_t line = 0; line < kShownLines; ++line)
    if ((end = text.find('\n', end)) == std::string::npos || ++end == text.size()) return text;
  const auto more = std::count(text.begin() + std::ptrdiff_t(end), text.end(), '\n') + 1;
  return text.substr(0, end) + "... and " + std::to_string(more) + " more";
}

std::string end_text(const Json& result, const std::string& objective) {
  if (result.value("state", "") != "done")
    return result.value("outcome", "failed") + ": " + first_lines(result.value("reason", ""));
  std::string text;
  for (const std::string& metric : {objective, test_metric_of(objective)})
    if (const auto value = metric_of(result, metric))
      text += metric + " " + short_number(*value) + ", ";
  return text + std::to_string(result.value("steps", std::int64_t{0})) + " steps, " +
         duration_text(result.value("seconds", 0.0));
}

std::string study_table(const StudyView& view) {
  const std::string objective = view.study.value("objective", "eval/loss");
  std::string text = "study " + view.study.value("name", "") + ", objective " + objective +
                     (view.study.value("greater_is_better", false) ? " (higher is better)\n"
                                                                   : " (lower is better)\n");
  text += "  " + padded("trial", -10) + " " + padded("setting", -int(kSettingWidth)) + " " +
          padded("eval", 11) + " " + padded("test", 10) + " " + padded("time", 9) + "\n";
  for (const std::string purpose : {"search", "single", "confirm", "scale"}) {
    std::vector<Row> rows;
    for (const Json& trial : view.study.value("trials", Json::array()))
      if (trial.value("purpose", "") == purpose) rows.push_back(row_of(view, trial));
    if (rows.empty()) continue;
    const std::size_t all = rows.size();
    keep_the_best(rows, view.study.value("greater_is_better", false));
    text += purpose +
            (all > rows.size() ? ", the best " + std::to_string(rows.size()) + " of " +
                                     std::to_string(all) + " trials"
                               : "") +
            "\n";
    for (const Row& row : rows) text += row.line + "\n";
  }
  return text;
}

}  // namespace temper
