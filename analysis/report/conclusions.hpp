// What follows from trials that are ranked and measured: targets reached or missed, the spread over
// seeds, and what is still open.
#pragma once

#include "analysis/report/findings.hpp"

namespace temper {

void judge_targets(Findings& findings);
void over_seeds(Findings& findings);
// Warnings about trials that failed or are not there.
void tell_state(Findings& findings);

}  // namespace temper
