// What a manifest says to search over: axes with their values or ranges, and whole settings, each
// word checked against the key it stands for.
#pragma once

#include <vector>

#include "experiments/manifest_tree.hpp"
#include "experiments/study.hpp"

namespace temper {

// `search.space`. Keys are quoted names ("train.learning_rate" = ...) or nested tables.
std::vector<SearchAxis> read_space(const ManifestNode& space, Problems& problems);

// `confirm.set`, or one entry of `search.trials`. `name` is what problems call it.
Setting read_setting(const ManifestNode& table, const std::string& name, Problems& problems);

// One value of a key: paths made absolute, type and range checked. Problems carry the place.
bool read_key_value(const std::string& key, const Place& place, Json& value, Problems& problems);

}  // namespace temper
