// What preparing did to the rows, as the store's card keeps it.
#pragma once

#include "core/json.hpp"
#include "io/prepare/recipe.hpp"
#include "io/prepare/report.hpp"

namespace temper {

// `all`: the reports of all ranks, gathered; `kept`: rows in the store.
Json cleaning_summary(const Recipe& recipe, const PrepareReport& all, std::int64_t kept);

}  // namespace temper
