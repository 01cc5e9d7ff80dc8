#include <algorithm>

#include "apps/plan_format.hpp"
#include "apps/plan_text.hpp"
#include "experiments/study_keys.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

struct Explained {
  std::string name, type, meaning, source, place;
  std::vector<std::string> allowed;
  Json value, standard;
};

std::string place_of(const Study& study, const std::string& key) {
  const auto found = study.places.find(key);
  return found == study.places.end() ? "" : found->second;
}

// All keys, in the order of the tables.
std::vector<Explained> explained_keys(const Study& study) {
  const RunSpec standard;
  std::vector<Explained> all;
  for (const StudyKey& key : study_keys())
    all.push_back({key.name,
                   key.type,
                   key.meaning,
                   "Temper",
                   place_of(study, key.name),
                   {},
                   key.get(study),
                   key.get(Study{})});
  for (const RunSpecKey& key : run_spec_keys())
    all.push_back({key.name, key.type, key.meaning, key.source, place_of(study, key.name),
                   key.allowed, key.get(study.base), key.get(standard)});
  const auto table_of = [](const std::string& name) {
    const std::vector<std::string>& tables = manifest_tables();
    return std::find(tables.begin(), tables.end(), name.substr(0, name.find('.'))) - tables.begin();
  };
  std::stable_sort(all.begin(), all.end(), [&](const Explained& a, const Explained& b) {
    return table_of(a.name) < table_of(b.name);
  });
  return all;
}

std::string shown(const Json& value) { return value.is_null() ? "none" : value.dump(); }

}  // namespace

std::string defaults_text(const Study& study) {
  std::string text, table;
  for (const Explained& key : explained_keys(study)) {
    const std::size_t dot = key.name.find('.');
    if (key.name.substr(0, dot) != table) {
      table = key.name.substr(0, dot);
      text += (text.empty() ? "[" : "\n[") + table + "]\n";
    }
    std::string origin = "default";
    if (!key.place.empty())
      origin = key.place + ", default " + shown(key.standard);
    else if (key.value != key.standard)
      origin = "follows from other keys, default " + shown(key.standard);
    text += wrapped("  " + key.name.substr(dot + 1) + " = ", shown(key.value) + "  # " + origin, 6);
    std::string meaning = key.meaning + " [" + key.source + "]";
    if (!key.allowed.empty()) {
      meaning += ":";
      for (const std::string& word : key.allowed)
        meaning += " " + (word.empty() ? std::string("\"\"") : word);
    }
    text += wrapped("      ", meaning, 6);
  }
  std::string later;
  for (const std::string& key : reserved_keys()) later += key + " ";
  return text + "\n" + wrapped("not supported yet: ", later, 2);
}

Json defaults_json(const Study& study) {
  Json keys = Json::array();
  for (const Explained& key : explained_keys(study))
    keys.push_back({{"key", key.name},
                    {"value", key.value},
                    {"default", key.standard},
                    {"type", key.type},
                    {"allowed", key.allowed},
                    {"given_at", key.place},
                    {"meaning", key.meaning},
                    {"source", key.source}});
  return {{"keys", keys}, {"not_supported_yet", reserved_keys()}};
}

}  // namespace temper
