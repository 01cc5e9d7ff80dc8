// JSON as Temper uses it. Objects keep the order in which keys were written.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "core/problem.hpp"

namespace temper {

using Json = nlohmann::ordered_json;

// The parsed file. Problems: unreadable, no JSON (with line and column), nested deeper than 256.
Checked<Json> read_json_file(const std::filesystem::path& path);

// One line; keys of objects sorted at every level; numbers so that a double survives. Equal values
// give equal bytes.
std::string canonical_json(const Json& value);

}  // namespace temper
