#include "analysis/report/page.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "analysis/report/format.hpp"
#include "analysis/report/sections.hpp"

namespace temper {
namespace {

std::string state_badge(const Findings& f) {
  std::size_t ended = 0;
  for (const TrialFiles& trial : f.study.trials)
    ended += trial.state == "done" || trial.state == "failed";
  const std::string count =
      std::to_string(ended) + " of " + std::to_string(f.study.trials.size()) + " trials ended";
  return "<span class=\"state\">" + std::string(f.complete ? "complete" : "not complete") + ", " +
         count + "</span>";
}

std::string headline_figures(const Findings& f) {
  if (!f.shown) return "";
  std::string html = "<dl class=\"figures\">";
  for (const char* metric : {"accuracy", "macro_f1", "weighted_f1", "mse", "r2", "pearson", "loss",
                             "perplexity", "token_accuracy", "bits_per_byte"}) {
    const auto found = f.trials[*f.shown].metrics.find(f.shown_split + "/" + metric);
    if (found == f.trials[*f.shown].metrics.end()) continue;
    const Measured& m = found->second;
    const std::string whole = metric_text(metric, m.value, m.low, m.high);
    const std::string value = metric_text(metric, m.value);
    html += "<div><dt>" + html_escaped(f.shown_split + " " + metric_name(metric)) + "</dt><dd>" +
            html_escaped(value);
    if (whole.size() > value.size() + 2)
      html += "<small>" + html_escaped(percent_text(f.confidence, 0)) + " interval " +
              html_escaped(whole.substr(value.size() + 2, whole.size() - value.size() - 3)) +
              "</small>";
    html += "</dd></div>";
  }
  return html + "</dl>\n";
}

std::string better_card(const Findings& f, const Verdict& verdict) {
  std::string html = "<section class=\"card\"><h2>Is it really better?</h2>";
  const char* answer = f.comparisons.empty() ? "Not tested"
                       : verdict.decided     ? "Yes"
                                             : "Not against all";
  html += "<p class=\"big\">" + std::string(answer) + "</p><ul>";
  std::istringstream lines(verdict.better);
  for (std::string line; std::getline(lines, line);) {
    const char* mark = line.starts_with("Better")  ? "yes"
                       : line.starts_with("Worse") ? "no"
                                                   : "open";
    const auto colon = line.find(": ");
    if (colon == std::string::npos)
      html += "<li>" + html_escaped(line) + "</li>";
    else
      html += "<li><span class=\"" + std::string(mark) + "\">" +
              html_escaped(line.substr(0, colon)) +
              "</span>: " + html_escaped(line.substr(colon + 2)) + "</li>";
  }
  return html + "</ul></section>\n";
}

std::string cost_card(const Findings& f, const Verdict& verdict) {
  const auto comma = verdict.cost.find(", ");
  std::string html = "<section class=\"card\"><h2>What did it cost?</h2><p class=\"big\">" +
                     html_escaped(verdict.cost.substr(0, comma)) + "</p>";
  if (comma != std::string::npos)
    html += "<p>" + html_escaped(verdict.cost.substr(comma + 2)) + "</p>";
  if (f.cost.money) html += "<p class=\"soft\">At " + html_escaped(f.cost.money_method) + ".</p>";
  if (f.cost.failed_core_hours > 0)
    html += "<p class=\"soft\">Failed trials used " +
            html_escaped(number_text(f.cost.failed_core_hours, 3)) + " core-hours of it.</p>";
  return html + "</section>\n";
}

std::string first_screen(const Findings& f) {
  const Verdict verdict = verdict_of(f);
  const std::string name = string_in(f.study.study, "name", f.study.root.filename().string());
  std::string html = "<header><h1>" + html_escaped(name) + " " + state_badge(f) + "</h1>";
  for (const char* key : {"description", "use_case"})
    if (const std::string text = string_in(f.study.study, key); !text.empty())
      html += "<p class=\"soft\">" + html_escaped(text) + "</p>";
  html += headline_figures(f);
  html +=
      "<div class=\"cards\"><section class=\"card\"><h2>Which setting is best?</h2><p "
      "class=\"big\">" +
      html_escaped(verdict.best) + "</p>";
  if (f.best && !f.searched_keys.empty())
    html += "<p>By " + html_escaped(f.objective) + " among " + std::to_string(f.ranking.size()) +
            " trials of the search" +
            (f.final.empty() || f.final.front() == *f.best
                 ? std::string(".")
                 : "; confirmed by " + std::to_string(f.final.size()) + " more.") +
            "</p>";
  if (!f.shown && !verdict.score.empty()) html += "<p>" + html_escaped(verdict.score) + "</p>";
  if (!verdict.target.empty()) html += "<p>" + html_escaped(verdict.target) + "</p>";
  html += "</section>\n" + better_card(f, verdict) + cost_card(f, verdict) + "</div>\n";
  if (!f.warnings.empty()) {
    html += "<div class=\"warnings\"><strong>To know</strong><ul>";
    for (const std::string& warning : f.warnings) html += "<li>" + html_escaped(warning) + "</li>";
    html += "</ul></div>\n";
  }
  return html + "</header>\n";
}

}  // namespace

std::string page_html(const Findings& f, const PageParts& parts) {
  const std::string name = string_in(f.study.study, "name", f.study.root.filename().string());
  std::string body, links;
  for (const Section& section : page_sections(f, parts)) {
    links += "<a href=\"#" + section.id + "\">" + html_escaped(section.title) + "</a>";
    body += "<section id=\"" + section.id + "\"><h2>" + html_escaped(section.title) + "</h2>\n" +
            section.html + "</section>\n";
  }
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>" +
         html_escaped(name) + ": report</title>\n<style>" + page_style() +
         "</style></head>\n<body>\n" + first_screen(f) + "<nav>" + links + "</nav>\n<main>\n" +
         body + "</main>\n</body></html>\n";
}

}  // namespace temper
