// The tables and charts of a report, made from its findings.
#pragma once

#include "analysis/report/page.hpp"

namespace temper {

// Tables by name: trials, comparisons, per_class, confusion, seeds, cost, phases, scaling,
// calibration, baselines, provenance; those without content are absent.
std::map<std::string, Table> report_tables(const Findings& findings);

// Figures by name: training-loss, evaluation, slice-KEY, calibration, scaling; not yet drawn.
std::map<std::string, Figure> report_figures(const Findings& findings);

// The metrics that the trials table and the summary show first, best known first.
std::vector<std::string> leading_metrics(const Findings& findings);

}  // namespace temper
