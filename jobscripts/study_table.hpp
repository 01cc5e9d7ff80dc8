// A study's results for a terminal of 80 columns.
#pragma once

#include <string>

#include "jobscripts/study_view.hpp"

namespace temper {

// Trials by purpose: setting, objective, test metric, time; the best one marked. Many trials: the
// best of each purpose.
std::string study_table(const StudyView& view);

// "learning_rate 0.0002, seed 11": keys by their last word.
std::string setting_text(const Json& setting);

// The first six lines of a reason and how many more there are.
std::string first_lines(const std::string& text);

// What became of a trial, in a line: "eval/macro_f1 0.6591, 250 steps, 32 s".
std::string end_text(const Json& result, const std::string& objective);

}  // namespace temper
