// The decisions of a study's run: which trials are over, which setting won. Pure: the same results
// give the same decisions.
//
//   std::vector<std::size_t> order = best_first(trials, results, "eval/macro_f1", true);
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/outcome.hpp"
#include "experiments/study.hpp"

namespace temper {

// trials/TRIAL/result.json by trial.
using Results = std::map<std::string, Json>;

// A trial that is over: done, or diverged (again it would diverge again). A result of a search has
// no test metrics: a confirmation of the same setting is run all the same.
bool is_over(const Trial& trial, const Results& results);
bool is_done(const Trial& trial, const Results& results);

std::optional<double> metric_of(const Json& result, const std::string& name);

// Indices of the trials that are done and have the metric, best first; ties in the order given.
std::vector<std::size_t> best_first(const std::vector<Trial>& trials, const Results& results,
                                    const std::string& objective, bool greater_is_better);

// Settings of the first `count` of `order`.
std::vector<Setting> settings_of(const std::vector<Trial>& trials,
                                 const std::vector<std::size_t>& order, std::int64_t count);

// What a study says differently from a former one: "train.learning_rate: 0.0001 -> 0.0002", one
// for each key of two objects, nested keys joined by dots.
std::vector<std::string> differences(const Json& before, const Json& now);

}  // namespace temper
