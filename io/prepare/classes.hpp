// From labels as written to class numbers.
//
//   LabelTable labels;  labels["noun.act"].counts = {5306, 661, 683};
//   const ClassPlan plan = value_or_throw(plan_classes(labels, {}));     // strings, sorted
//
// Whose order wins: the model's own head when all labels are among its names (or are integers that
// number its classes), then data.label_names, then integers as they are, then sorted texts.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/problem.hpp"
#include "io/prepare/recipe.hpp"

namespace temper {

struct LabelFacts {
  std::array<std::int64_t, kSplits> counts{};
  std::array<std::string, kSplits> first;  // "train.jsonl:17" of the first row of each split
  bool integer = true;                     // in every row
};
using LabelTable = std::map<std::string, LabelFacts>;

struct ClassNames {
  std::vector<std::string> own, named;  // of the model's head; of data.label_names
};

struct ClassPlan {
  std::vector<std::string> names;              // by class number
  std::map<std::string, std::int32_t> number;  // of each label
};

// Problems: a label of eval or test that training lacks, one class alone, a label that
// data.label_names lacks, a negative class number, too many labels to be classes.
Checked<ClassPlan> plan_classes(const LabelTable& labels, const ClassNames& names);

}  // namespace temper
