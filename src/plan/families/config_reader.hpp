// Reads keys of config.json, collects what is wrong with them, and remembers which were read: a key
// that changes the mathematics and that nobody reads is refused.
#pragma once

#include <set>
#include <string>

#include "core/json.hpp"
#include "core/problem.hpp"

namespace temper {

class ConfigReader {
 public:
  // `where` is what problems name before the key. The config is kept by reference.
  ConfigReader(const Json& config, std::string where) : config_(config), where_(std::move(where)) {}

  // The value; nullptr where the key is missing or null.
  const Json* find(const std::string& key);
  bool has(const std::string& key) { return find(key) != nullptr; }

  // Each takes `otherwise` where the key is missing, null, or empty as a word. Wrong types and
  // values that cannot be become problems.
  std::int64_t count(const std::string& key);  // must be there
  std::int64_t count(const std::string& key, std::int64_t otherwise);
  double number(const std::string& key, double otherwise);
  std::string text(const std::string& key, const std::string& otherwise);
  bool flag(const std::string& key, bool otherwise);

  void problem(const std::string& key, const std::string& what, const std::string& remedy = "");
  // Problem unless the key is missing or has this value.
  void only(const std::string& key, const Json& value);
  bool was_read(const std::string& key) const { return read_.contains(key); }
  const std::string& where() const { return where_; }
  const Json& config() const { return config_; }
  const Problems& problems() const { return problems_; }
  // Problems of a part of the config, read by its own reader.
  void add(const Problems& problems) {
    problems_.insert(problems_.end(), problems.begin(), problems.end());
  }

 private:
  const Json& config_;
  std::string where_;
  std::set<std::string> read_;
  Problems problems_;
};

}  // namespace temper
