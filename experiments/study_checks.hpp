// What is wrong with a study as a whole: stages that contradict each other or lack what they need.
#pragma once

#include "experiments/study.hpp"

namespace temper {

// Problems carry the places of the manifest.
Problems check_study(const Study& study);

// The problem with the place of the manifest key that its `where` begins with, if it stands there.
Problem placed_in(const Study& study, Problem problem);

}  // namespace temper
