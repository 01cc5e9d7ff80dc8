#include "analysis/report/json_values.hpp"

namespace temper {

double number_in(const Json& object, const char* key, double otherwise) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
}

std::string string_in(const Json& object, const char* key, const std::string& otherwise) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

const Json& object_in(const Json& object, const char* key) {
  static const Json kEmpty = Json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_object() ? *found : kEmpty;
}

}  // namespace temper
