// What a study used: core-hours of every attempt, failed ones too, and what they cost.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "analysis/report/study_files.hpp"

namespace temper {

struct Spending {
  double seconds = 0, core_hours = 0;
  std::int64_t trials = 0, failed = 0;
};

struct Cost {
  Spending total;
  std::map<std::string, Spending> by_purpose;
  double failed_core_hours = 0;
  std::string currency;
  std::optional<double> money;          // where a price is given
  std::string money_method;             // "12 core-hours at 0.012 EUR"
  std::optional<double> energy_joules;  // where every trial tells it
  std::int64_t trials_with_energy = 0;
  std::optional<double> kg_co2;
};

Cost measure_cost(const StudyFiles& study);
// What one trial cost; nothing without a price.
std::optional<double> money_of(const StudyFiles& study, const TrialFiles& trial);

}  // namespace temper
