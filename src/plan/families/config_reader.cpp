#include "plan/families/config_reader.hpp"

#include <cmath>

namespace temper {

namespace {
constexpr std::int64_t kLargest = 1 << 30;
}

const Json* ConfigReader::find(const std::string& key) {
  if (key.empty()) return nullptr;
  read_.insert(key);
  const auto found = config_.find(key);
  return found == config_.end() || found->is_null() ? nullptr : &*found;
}

std::int64_t ConfigReader::count(const std::string& key) {
  if (find(key) == nullptr) {
    problem(key, "is missing", "Add it, or set model.config_overrides.");
    return 1;
  }
  return count(key, 1);
}

std::int64_t ConfigReader::count(const std::string& key, std::int64_t otherwise) {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_number_integer() || *value < 1 || *value > kLargest) {
    problem(key, value->dump() + " is no count");
    return 1;
  }
  return value->get<std::int64_t>();
}

double ConfigReader::number(const std::string& key, double otherwise) {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_number() || !std::isfinite(value->get<double>())) {
    problem(key, value->dump() + " is no number");
    return otherwise;
  }
  return value->get<double>();
}

std::string ConfigReader::text(const std::string& key, const std::string& otherwise) {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) {
    problem(key, value->dump() + " is no text");
    return otherwise;
  }
  return value->get<std::string>();
}

bool ConfigReader::flag(const std::string& key, bool otherwise) {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) {
    problem(key, value->dump() + " is neither true nor false");
    return otherwise;
  }
  return value->get<bool>();
}

void ConfigReader::problem(const std::string& key, const std::string& what,
                           const std::string& remedy) {
  problems_.push_back({where_ + ": " + key, what, "", remedy});
}

void ConfigReader::only(const std::string& key, const Json& value) {
  const Json* found = find(key);
  if (found != nullptr && *found != value)
    problem(key, found->dump() + " is not supported (it changes the mathematics)",
            "Only " + value.dump() + " is.");
}

}  // namespace temper
