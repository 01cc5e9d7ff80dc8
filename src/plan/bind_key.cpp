#include "plan/bind_key.hpp"

namespace temper {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words)
    all += (all.empty() ? "" : ", ") + (word.empty() ? "\"\"" : word);
  return all;
}

}  // namespace

std::string with_article(const std::string& type) {
  if (type.starts_with("true")) return type;
  return (type.starts_with("i") ? "an " : "a ") + type;
}

std::string read_split(const Json& json, SplitSpec& out) {
  if (!json.is_object()) return json.dump() + " is no table";
  for (const auto& [name, value] : json.items()) {
    double* share = name == "train"        ? &out.train
                    : name == "validation" ? &out.validation
                    : name == "test"       ? &out.test
                                           : nullptr;
    const bool number = value.is_number() && value.get<double>() >= 0 && value.get<double>() <= 1;
    if (share != nullptr && number)
      *share = value.get<double>();
    else if (share != nullptr)
      return name + " = " + value.dump() + " is no share between 0 and 1";
    else if (name == "group_by" && value.is_string())
      out.group_by = value.get<std::string>();
    else if (name == "group_by")
      return "group_by = " + value.dump() + " is no text";
    else
      return "\"" + name + "\" is none of train, validation, test, group_by";
  }
  return "";
}

Problems check_limits(const std::string& name, const Json& json, const KeyLimits& limits) {
  const auto among = [](const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (json.is_string() && !limits.allowed.empty()) {
    const std::string word = json.get<std::string>();
    if (among(limits.later, word))
      return {{name, json.dump() + " is not supported yet", "",
               "Supported: " + joined(limits.allowed) + "."}};
    if (!among(limits.allowed, word))
      return {{name, json.dump() + " is not one of " + joined(limits.allowed), "",
               did_you_mean(word, limits.allowed)}};
  }
  if (!json.is_number()) return {};
  const KeyRange& range = limits.range;
  const double number = json.get<double>();
  if (number >= range.least && number <= range.most &&
      !(range.least_excluded && number == range.least))
    return {};
  const auto text = [](double limit) {
    return limit == std::floor(limit) ? std::to_string(std::int64_t(limit)) : Json(limit).dump();
  };
  std::string ask;
  if (std::isfinite(range.least))
    ask = (range.least_excluded ? "above " : "at least ") + text(range.least);
  if (std::isfinite(range.most))
    ask += (ask.empty() ? "at most " : ", at most ") + text(range.most);
  return {{name, json.dump() + " is out of range", "", "Give a value " + ask + "."}};
}

}  // namespace temper
