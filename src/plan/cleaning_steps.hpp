// The steps that `data.clean` may name. Here, where the login node can check a manifest; what they
// do to a text is in src/text/cleaning.
//
//   parse_cleaning_steps({"nfc", "control", "whitespace", "drop_long:2000", "dedup"})
//
// Steps that rewrite run in the order given; then steps that drop look at the rewritten text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/problem.hpp"

namespace temper {

enum class CleaningKind {
  line_endings,
  nfc,
  nfkc,
  control,
  whitespace,
  trim,
  drop_empty,
  drop_long,
  dedup
};

struct CleaningStep {
  CleaningKind kind = CleaningKind::nfc;
  std::int64_t most_characters = 0;  // of drop_long; 0: the bound is data.max_length, in tokens
  std::string name;                  // as written
  bool operator==(const CleaningStep&) const = default;
};

struct CleaningStepInfo {
  CleaningKind kind;
  std::string name, meaning;
  bool drops;  // a row is dropped, not rewritten
};
const std::vector<CleaningStepInfo>& cleaning_step_infos();
const CleaningStepInfo& info_of(CleaningKind kind);
std::vector<std::string> cleaning_step_names();

// Problems (at `data.clean`): an unknown step with the nearest name, an argument that is no number,
// a step named twice.
Checked<std::vector<CleaningStep>> parse_cleaning_steps(const std::vector<std::string>& names);

}  // namespace temper
