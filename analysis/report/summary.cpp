#include <algorithm>
#include <cmath>
#include <sstream>

#include "analysis/report/format.hpp"
#include "analysis/report/report_json.hpp"
#include "analysis/report/tables.hpp"

namespace temper {
namespace {

constexpr std::size_t kWidth = 80;

// Columns on a terminal: code points, continuation bytes left out.
std::size_t width_of(const std::string& text) {
  return std::size_t(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The first so many code points; control characters (of names that users chose) as '?'.
std::string cut(const std::string& text, std::size_t width) {
  std::string result;
  std::size_t columns = 0;
  const bool fits = width_of(text) <= width;
  for (const char c : text) {
    if ((c & 0xC0) != 0x80 && ++columns > width - (fits ? 0 : 1)) break;
    result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return fits ? result : result + "~";
}

// Broken at blanks; lines after the first are indented.
std::string wrapped(const std::string& text, const std::string& indent) {
  std::string result, line;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    word = cut(word, kWidth - indent.size());
    if (!line.empty() && width_of(line) + 1 + width_of(word) > kWidth) {
      result += line + "\n";
      line = indent + word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
  }
  return result + line + "\n";
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string shown = cut(text, width);
  const std::string blanks(width - std::min(width, width_of(shown)), ' ');
  return right ? blanks + shown : shown + blanks;
}

std::string trials_text(const Findings& f) {
  std::vector<std::string> metrics = leading_metrics(f);
  // The objective and the first two of the test split (or what there is).
  if (metrics.size() > 3) metrics.resize(3);
  std::string text = padded("trial", 9, false) + padded("setting", 22, false);
  for (const std::string& metric : metrics) text += " " + padded(metric, 13, true);
  text += " " + padded("time", 6, true) + "\n";
  std::size_t rows = 0;
  std::vector<std::size_t> order = f.final;
  order.insert(order.end(), f.ranking.begin(), f.ranking.end());
  std::vector<std::size_t> seen;
  for (const std::size_t i : order) {
    if (std::find(seen.begin(), seen.end(), i) != seen.end()) continue;
    seen.push_back(i);
    if (++rows > 10) break;
    text += padded(f.study.trials[i].id, 8, false) + " " + padded(f.trials[i].setting, 22, false);
    for (const std::string& metric : metrics) {
      const auto found = f.trials[i].metrics.find(metric);
      text += " " + padded(found == f.trials[i].metrics.end()
                               ? kDash
                               : metric_text(metric, found->second.value),
                           13, true);
    }
    text += " " + padded(fixed_text(f.study.trials[i].seconds, 0) + "s", 6, true) + "\n";
  }
  return rows == 0 ? "" : text;
}

}  // namespace

std::string summary_text(const Findings& f, const std::filesystem::path& page) {
  const Verdict verdict = verdict_of(f);
  const std::string name = string_in(f.study.study, "name", f.study.root.filename().string());
  std::string text = wrapped("Study " + name + (f.complete ? "" : " (not complete)"), "  ");
  text += wrapped("Best:    " + verdict.best, "  ");
  if (!verdict.score.empty()) text += wrapped(verdict.score, "  ");
  std::istringstream lines(verdict.better);
  for (std::string line; std::getline(lines, line);) text += wrapped(line, "  ");
  if (!verdict.target.empty()) text += wrapped(verdict.target, "  ");
  text += wrapped("Cost:    " + verdict.cost, "  ") + "\n" + trials_text(f);
  const std::size_t shown = std::min<std::size_t>(f.warnings.size(), 8);
  for (std::size_t i = 0; i < shown; ++i) text += wrapped("warning: " + f.warnings[i], "  ");
  if (f.warnings.size() > shown)
    text += "warning: " + std::to_string(f.warnings.size() - shown) + " more in the report\n";
  return text + "\nReport: " + page.string() + "\n";
}

}  // namespace temper
