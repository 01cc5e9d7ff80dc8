// report/index.html: one file, no outside reference, no script; light and dark, phone and print.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/report/chart.hpp"
#include "analysis/report/findings.hpp"
#include "analysis/report/table.hpp"

namespace temper {

// A chart with what gnuplot made of it, and the table of the same numbers.
struct Figure {
  Chart chart;
  std::optional<ChartImages> images;
  Table table;
};

struct PageParts {
  std::map<std::string, Table> tables;    // by name
  std::map<std::string, Figure> figures;  // by name
  std::string plot_note;                  // why there are no plots; empty when there are
};

std::string page_html(const Findings& findings, const PageParts& parts);

// The style sheet, in the page's <style>.
std::string page_style();

// The three sentences of the first screen, without markup: which setting is best, is it really
// better, what did it cost. Also in the terminal's summary.
struct Verdict {
  std::string best, score, better, cost, target;
  bool decided = false;
};
Verdict verdict_of(const Findings& findings);

}  // namespace temper
