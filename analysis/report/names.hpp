// What keys, settings and classes are called in a report.
#pragma once

#include <string>

#include "analysis/report/study_files.hpp"

namespace temper {

// "train.learning_rate" reads "learning rate"; of a setting, all of it in one line.
std::string key_name(const std::string& key);
std::string setting_words(const Json& setting);
std::string class_name(const StudyFiles& study, std::int64_t number);

}  // namespace temper
