#include "analysis/report/cost.hpp"

#include "analysis/report/format.hpp"

namespace temper {
namespace {

constexpr double kJoulesPerKwh = 3.6e6;

struct Price {
  double per_core_hour = 0, per_kwh = 0;
  std::string words;
};

// A node-hour is shared by the node's cores, as this computer has them.
std::optional<Price> price_of(const StudyFiles& study) {
  const Json& cost = object_in(study.study, "cost");
  const std::string currency = string_in(cost, "currency");
  Price price;
  price.per_kwh = number_in(cost, "price_per_kwh");
  const double core = number_in(cost, "price_per_core_hour");
  const double node = number_in(cost, "price_per_node_hour");
  const double cores = number_in(object_in(study.study, "machine"), "cores");
  if (core > 0) {
    price.per_core_hour = core;
    price.words = number_text(core) + " " + currency + " a core-hour";
  } else if (node > 0 && cores > 0) {
    price.per_core_hour = node / cores;
    price.words =
        number_text(node) + " " + currency + " a node-hour of " + number_text(cores) + " cores";
  }
  if (price.per_kwh > 0)
    price.words +=
        (price.words.empty() ? "" : ", ") + number_text(price.per_kwh) + " " + currency + " a kWh";
  if (price.words.empty()) return std::nullopt;
  return price;
}

double money_at(const Price& price, double core_hours, double joules) {
  return price.per_core_hour * core_hours + price.per_kwh * joules / kJoulesPerKwh;
}

}  // namespace

std::optional<double> money_of(const StudyFiles& study, const TrialFiles& trial) {
  const auto price = price_of(study);
  if (!price || (price->per_core_hour == 0 && !trial.energy_joules)) return std::nullopt;
  return money_at(*price, trial.core_hours, trial.energy_joules.value_or(0));
}

Cost measure_cost(const StudyFiles& study) {
  Cost cost;
  double joules = 0;
  std::int64_t ran = 0;
  for (const TrialFiles& trial : study.trials) {
    if (trial.attempts == 0 && trial.core_hours == 0) continue;
    ++ran;
    for (Spending* spending : {&cost.total, &cost.by_purpose[trial.purpose]}) {
      spending->seconds += trial.seconds;
      spending->core_hours += trial.core_hours;
      ++spending->trials;
      spending->failed += trial.state == "failed";
    }
    if (trial.state == "failed") cost.failed_core_hours += trial.core_hours;
    if (trial.energy_joules) {
      joules += *trial.energy_joules;
      ++cost.trials_with_energy;
    }
  }
  if (ran > 0 && cost.trials_with_energy == ran) cost.energy_joules = joules;
  const Json& given = object_in(study.study, "cost");
  cost.currency = string_in(given, "currency");
  const auto price = price_of(study);
  if (price && (price->per_core_hour > 0 || cost.energy_joules)) {
    cost.money = money_at(*price, cost.total.core_hours, cost.energy_joules.value_or(0));
    cost.money_method = price->words;
    if (price->per_kwh > 0 && !cost.energy_joules)
      cost.money_method += "; energy is not in it, because it was not measured";
  }
  const double intensity = number_in(given, "kg_co2_per_kwh");
  if (intensity > 0 && cost.energy_joules)
    cost.kg_co2 = *cost.energy_joules / kJoulesPerKwh * intensity;
  return cost;
}

}  // namespace temper
