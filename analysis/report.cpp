#include "analysis/report.hpp"

#include <set>

#include "analysis/report/report_json.hpp"
#include "analysis/report/tables.hpp"
#include "core/file.hpp"
#include "core/outcome.hpp"

namespace temper {
namespace fs = std::filesystem;
namespace {

// What an older report left and this one does not write again.
void remove_others(const fs::path& folder, const std::set<std::string>& kept,
                   const std::string& ending) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ending && !kept.contains(entry.path().filename().string())) {
      std::error_code ignored;
      fs::remove(entry.path(), ignored);
    }
}

void draw_all(PageParts& parts, bool wanted) {
  if (parts.figures.empty()) return;
  if (!wanted || !gnuplot_installed()) {
    parts.plot_note = wanted ? "gnuplot is not installed: the numbers stand in a table instead of "
                               "a plot. Install gnuplot and run temper report again?"
                             : "Plots were not wanted: the numbers stand in a table.";
    return;
  }
  for (auto& [name, figure] : parts.figures) {
    std::string reason;
    figure.images = draw(figure.chart, reason);
    if (!figure.images) parts.plot_note = "A plot could not be drawn (" + reason + ").";
  }
}

void write_files(const fs::path& folder, const PageParts& parts) {
  std::set<std::string> tables, plots;
  const auto write_table = [&](const Table& table) {
    const std::string name = table.name + ".tsv";
    if (tables.insert(name).second) write_file_atomically(folder / "tables" / name, table.tsv());
  };
  for (const auto& [name, table] : parts.tables) write_table(table);
  for (const auto& [name, figure] : parts.figures) {
    write_table(figure.table);
    if (!figure.images) continue;
    write_file_atomically(folder / "plots" / (name + ".svg"), figure.images->file);
    plots.insert(name + ".svg");
  }
  remove_others(folder / "tables", tables, ".tsv");
  remove_others(folder / "plots", plots, ".svg");
}

}  // namespace

WrittenReport write_report(const fs::path& study, const ReportOptions& options) {
  Findings findings = find(read_study_files(study), options);
  PageParts parts;
  parts.tables = report_tables(findings);
  parts.figures = report_figures(findings);
  draw_all(parts, options.plots);
  if (!parts.plot_note.empty() && options.plots) findings.warnings.push_back(parts.plot_note);
  WrittenReport report;
  const fs::path folder = study / "report";
  report.page = folder / "index.html";
  report.json = report_json(findings);
  report.summary = summary_text(findings, report.page);
  report.warnings = findings.warnings;
  write_files(folder, parts);
  write_file_atomically(folder / "report.json", report.json.dump(1) + "\n");
  // Last: where the page is, the rest is there too.
  write_file_atomically(report.page, page_html(findings, parts));
  return report;
}

}  // namespace temper
