// Binds a member of RunSpec to its manifest key: JSON in with its type, range and words checked,
// JSON out. Only files that list keys include this.
//
//   bind_key("train.learning_rate", [](RunSpec& s) -> auto& { return s.train.learning_rate; },
//            "peak learning rate of AdamW", "TrainingArguments", {.range = {0, HUGE_VAL}});
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "plan/run_spec_keys.hpp"

namespace temper {

struct KeyRange {
  double least = -HUGE_VAL, most = HUGE_VAL;
  bool least_excluded = false;
};

// What a key allows beyond its type.
struct KeyLimits {
  std::vector<std::string> allowed = {};  // words; empty = any
  KeyRange range = {};
  bool decides_result = true;
  std::vector<std::string> later = {};  // words of later work: refused as "not supported yet"
  // Words that true and false stand for; empty: they are refused.
  std::string when_true = {}, when_false = {};
};

namespace detail {

template <class T>
struct OptionalOf : std::false_type {};
template <class T>
struct OptionalOf<std::optional<T>> : std::true_type {
  using Inner = T;
};

template <class T>
std::string type_name() {
  if constexpr (OptionalOf<T>::value)
    return type_name<typename OptionalOf<T>::Inner>();
  else if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_same_v<T, double>)
    return "number";
  else if constexpr (std::is_integral_v<T>)
    return "integer";
  else if constexpr (std::is_same_v<T, std::string>)
    return "text";
  else if constexpr (std::is_same_v<T, std::vector<std::string>>)
    return "list of texts";
  else if constexpr (std::is_same_v<T, std::vector<double>>)
    return "list of numbers";
  else
    return "table";
}

// What is wrong with `json` as a T; "" when it was read into `out`.
template <class T>
std::string read_value(const Json& json, T& out) {
  const std::string wrong = json.dump() + " is no " + type_name<T>();
  if constexpr (OptionalOf<T>::value) {
    if (json.is_null()) return out.reset(), "";
    typename OptionalOf<T>::Inner inner{};
    const std::string fault = read_value(json, inner);
    if (fault.empty()) out = inner;
    return fault;
  } else if constexpr (std::is_same_v<T, SplitSpec>) {
    return read_split(json, out);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) return wrong;
    return out = json.get<bool>(), "";
  } else if constexpr (std::is_same_v<T, double>) {
    if (!json.is_number() || !std::isfinite(json.get<double>())) return wrong;
    return out = json.get<double>(), "";
  } else if constexpr (std::is_integral_v<T>) {
    if (!json.is_number_integer()) return wrong;
    return out = json.get<T>(), "";
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.is_string()) return wrong;
    return out = json.get<std::string>(), "";
  } else if constexpr (std::is_same_v<T, Json>) {
    if (!json.is_object()) return wrong;
    return out = json, "";
  } else {
    T items;
    if constexpr (std::is_same_v<T, std::vector<std::string>>)
      if (json.is_string()) return out = {json.get<std::string>()}, "";
    if (!json.is_array()) return wrong;
    for (const Json& item : json)
      if (!read_value(item, items.emplace_back()).empty()) return wrong;
    return out = items, "";
  }
}

template <class T>
Json written_value(const T& value) {
  if constexpr (std::is_same_v<T, SplitSpec>)
    return {{"train", value.train},
            {"validation", value.validation},
            {"test", value.test},
            {"group_by", value.group_by}};
  else if constexpr (OptionalOf<T>::value)
    return value ? written_value(*value) : Json(nullptr);
  else
    return Json(value);
}

}  // namespace detail

// Ranges that many keys share.
inline constexpr KeyRange kPositive{0, HUGE_VAL, true}, kNotNegative{0, HUGE_VAL}, kShare{0, 1},
    kCount{1, HUGE_VAL};

#define TEMPER_MEMBER(path) \
  [](RunSpec & s) -> auto& { return s.path; }

// "an integer", "a list of texts", "true or false".
std::string with_article(const std::string& type);

// What is wrong with a word or number that has the right type; "" when nothing is.
Problems check_limits(const std::string& name, const Json& json, const KeyLimits& limits);

// `member` maps a RunSpec& to the member's reference.
template <class Member>
RunSpecKey bind_key(const std::string& name, Member member, const std::string& meaning,
                    const std::string& source, KeyLimits limits = {}) {
  using T = std::remove_reference_t<decltype(member(std::declval<RunSpec&>()))>;
  RunSpecKey key{name,           detail::type_name<T>(), meaning, source,
                 limits.allowed, limits.decides_result,  {},      {}};
  key.get = [member](const RunSpec& spec) {
    return detail::written_value(member(const_cast<RunSpec&>(spec)));
  };
  key.set = [member, name, limits](RunSpec& spec, const Json& given) -> Problems {
    const std::string& word = given == Json(true) ? limits.when_true : limits.when_false;
    const Json json = given.is_boolean() && !word.empty() ? Json(word) : given;
    T value{};
    const std::string fault = detail::read_value(json, value);
    if (!fault.empty())
      return {{name, fault, "", "Give " + with_article(detail::type_name<T>()) + "."}};
    Problems problems = check_limits(name, json, limits);
    if (problems.empty()) member(spec) = value;
    return problems;
  };
  return key;
}

}  // namespace temper
