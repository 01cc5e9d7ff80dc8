// The sections of the page below its first screen.
#pragma once

#include <string>
#include <vector>

#include "analysis/report/page.hpp"

namespace temper {

struct Section {
  std::string id, title, html;
};
// Those that have something to show, in the order of the page.
std::vector<Section> page_sections(const Findings& findings, const PageParts& parts);

}  // namespace temper
