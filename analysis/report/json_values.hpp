// JSON that may lack a key or hold another type there.
#pragma once

#include <string>

#include "core/json.hpp"

namespace temper {

// Values of a JSON object that may lack the key or hold another type there.
double number_in(const Json& object, const char* key, double otherwise = 0);
std::string string_in(const Json& object, const char* key, const std::string& otherwise = {});
const Json& object_in(const Json& object, const char* key);

}  // namespace temper
