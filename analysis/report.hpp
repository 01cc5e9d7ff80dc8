// The report of a study: one self-contained page, the same as JSON, TSV and SVG.
//
//   const WrittenReport report = write_report("runs/wn24");
//   std::fputs(report.summary.c_str(), stdout);          // 80 columns
//
// Whatever is missing or damaged in the study directory becomes a warning in the report, never a
// failure: a study that still runs, or that failed, has a report too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace temper {

struct ReportOptions {
  double confidence = 0.95;       // of every interval
  std::int64_t resamples = 2000;  // of every bootstrap; the draws depend on the study only
  int threads = 0;                // 0: as many as the computer has cores; the numbers don't depend
  bool plots = true;              // run gnuplot where it is installed
};

struct WrittenReport {
  std::filesystem::path page;         // <study>/report/index.html
  Json json;                          // report.json
  std::string summary;                // for a terminal, 80 columns
  std::vector<std::string> warnings;  // also in the three above
};

// Writes <study>/report/{index.html,report.json,tables/*.tsv,plots/*.svg}, each file whole or not
// at all. Throws WorldFailure (74) when the folder is no study directory or cannot be written.
WrittenReport write_report(const std::filesystem::path& study, const ReportOptions& options = {});

}  // namespace temper
