// report.json and the text for a terminal.
#pragma once

#include <string>

#include "analysis/report/page.hpp"

namespace temper {

// Numbers that are not known are null.
Json report_json(const Findings& findings);

// At most 80 columns wide.
std::string summary_text(const Findings& findings, const std::filesystem::path& page);

}  // namespace temper
