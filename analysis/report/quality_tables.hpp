// Tables of how good the model is, and of how sure that is.
#pragma once

#include "analysis/report/findings.hpp"
#include "analysis/report/table.hpp"

namespace temper {

// A metric with its interval; a dash where it is not known.
Cell measured_cell(const std::string& metric, const Measurements& metrics);

Table comparisons_table(const Findings& findings);
Table seeds_table(const Findings& findings);
// Of the trial that is shown: there must be one.
Table systems_table(const Findings& findings);
// Of its predictions: they must be those of a classification.
Table per_class_table(const Findings& findings);
Table confusion_table(const Findings& findings);
Table confused_table(const Findings& findings);
// Of its probabilities: they must be there.
Table calibration_table(const Findings& findings);

}  // namespace temper
