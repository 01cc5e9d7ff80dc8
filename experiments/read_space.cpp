#include "experiments/read_space.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/manifest_words.hpp"
#include "experiments/resolve_paths.hpp"
#include "experiments/study_keys.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

struct NamedNode {
  std::string key;  // as written, with its table
  const ManifestNode* node;
};

// Members as "table.key": a quoted dotted name, or tables inside.
std::vector<NamedNode> members_of(const ManifestNode& table) {
  std::vector<NamedNode> members;
  const std::vector<std::string>& tables = manifest_tables();
  for (const ManifestNode& member : table.children)
    if (member.kind == ManifestNode::Kind::table &&
        std::find(tables.begin(), tables.end(), member.key) != tables.end())
      for (const ManifestNode& inner : member.children)
        members.push_back({member.key + "." + inner.key, &inner});
    else
      members.push_back({member.key, &member});
  return members;
}

// The canonical name of a key that a trial may set, or "" with a problem.
std::string settable_key(const NamedNode& member, const Json& value, Problems& problems) {
  const std::string key = canonical_word(member.key, value).key;
  const std::string where = member.node->key_place.text();
  if (find_key(key) == nullptr && find_study_key(key) == nullptr) {
    problems.push_back(unknown_key(where, member.key, key_names()));
    return "";
  }
  if (find_key(key) == nullptr || key.starts_with("study.") || key.starts_with("cost.")) {
    problems.push_back({where + ": " + key, "cannot differ between the trials of a study",
                        "it says what the study is, not what a trial does", ""});
    return "";
  }
  return key;
}

bool read_range_number(const ManifestNode& node, const std::string& key, double& out,
                       Problems& problems) {
  if (node.value.is_number()) return out = node.value.get<double>(), true;
  problems.push_back({node.place.text() + ": " + key,
                      node.key + " = " + node.json().dump() + " is no number", "", ""});
  return false;
}

bool read_range_flag(const ManifestNode& node, const std::string& key, bool& out,
                     Problems& problems) {
  if (node.value.is_boolean()) return out = node.value.get<bool>(), true;
  problems.push_back({node.place.text() + ": " + key,
                      node.key + " = " + node.json().dump() + " is no true or false", "", ""});
  return false;
}

// What is wrong with a range whose words have the right types, or "".
std::string range_fault(const SearchAxis::Range& range, const RunSpecKey& key) {
  if (!(range.min < range.max)) return "min is not below max";
  if (range.log && range.min <= 0) return "log = true needs min above 0";
  if (range.log && range.step != 0) return "log and step exclude each other";
  if (range.step < 0) return "step is negative";
  if (range.step > range.max - range.min) return "step is longer than the range";
  if (key.type == "integer" && !range.integer)
    return "int = true is missing: the key takes integers";
  if (key.type != "integer" && key.type != "number") return "a range suits numbers only";
  const auto whole = [](double value) { return value == std::floor(value); };
  if (range.integer && !(whole(range.min) && whole(range.max) && whole(range.step)))
    return "int = true needs whole min, max and step";
  if (std::max(std::fabs(range.min), std::fabs(range.max)) > 0x1p53 ||
      (range.step > 0 && (range.max - range.min) / range.step > 0x1p53))
    return "has more points than can be counted";
  return "";
}

void read_range(const ManifestNode& node, SearchAxis& axis, Problems& problems) {
  static const std::vector<std::string> words{"min", "max", "log", "int", "step", "choice"},
      later{"expr", "when", "otherwise"};
  SearchAxis::Range range;
  bool good = true;
  for (const ManifestNode& word : node.children) {
    const std::string where = word.key_place.text() + ": " + axis.key + "." + word.key;
    if (word.key == "min" || word.key == "max" || word.key == "step")
      good &= read_range_number(word, axis.key,
                                word.key == "min"   ? range.min
                                : word.key == "max" ? range.max
                                                    : range.step,
                                problems);
    else if (word.key == "log" || word.key == "int")
      good &=
          read_range_flag(word, axis.key, word.key == "log" ? range.log : range.integer, problems);
    else if (std::find(later.begin(), later.end(), word.key) != later.end())
      good = false, problems.push_back({where, "is not supported yet", "", ""});
    else
      good = false,
      problems.push_back({where, "unknown key of a range", "", did_you_mean(word.key, words)});
  }
  for (const char* needed : {"min", "max"})
    if (node.find(needed) == nullptr && good) {
      good = false;
      problems.push_back({node.place.text() + ": " + axis.key, std::string(needed) + " is missing",
                          "", "Give a list, { choice = [] }, or { min, max, log, int, step }."});
    }
  if (!good) return;
  const std::string fault = range_fault(range, *find_key(axis.key));
  if (!fault.empty())
    return problems.push_back({node.place.text() + ": " + axis.key, fault, "", ""});
  for (const double end : {range.min, range.max}) {
    Json value = range.integer ? Json(std::int64_t(end)) : Json(end);
    if (!read_key_value(axis.key, node.place, value, problems)) return;
  }
  axis.range = range;
}

void read_values(const ManifestNode& list, SearchAxis& axis, const std::string& written,
                 Problems& problems) {
  if (list.kind != ManifestNode::Kind::list || list.children.empty())
    return problems.push_back({list.place.text() + ": " + axis.key, "has no values to try", "",
                               "Give a list, { choice = [] }, or { min, max, log, int, step }."});
  for (const ManifestNode& item : list.children) {
    Json value = canonical_word(written, item.json()).value;
    if (read_key_value(axis.key, item.place, value, problems)) axis.values.push_back(value);
  }
}

}  // namespace

bool read_key_value(const std::string& key, const Place& place, Json& value, Problems& problems) {
  const std::size_t before = problems.size();
  RunSpec scratch;
  for (Problem& problem : find_key(key)->set(scratch, value))
    problems.push_back(placed(std::move(problem), place.text()));
  if (problems.size() > before) return false;
  for (Problem& problem : resolve_paths(key, place.folder, value))
    problems.push_back(placed(std::move(problem), place.text()));
  return problems.size() == before;
}

std::vector<SearchAxis> read_space(const ManifestNode& space, Problems& problems) {
  std::vector<SearchAxis> axes;
  if (space.kind != ManifestNode::Kind::table) {
    problems.push_back({space.place.text() + ": search.space", "is no table", "", ""});
    return axes;
  }
  for (const NamedNode& member : members_of(space)) {
    const ManifestNode& node = *member.node;
    const ManifestNode* choice =
        node.kind == ManifestNode::Kind::table ? node.find("choice") : &node;
    const bool listed = choice != nullptr && choice->kind == ManifestNode::Kind::list;
    const Json first =
        listed && !choice->children.empty() ? choice->children.front().json() : Json();
    SearchAxis axis;
    axis.key = settable_key(member, first, problems);
    if (axis.key.empty()) continue;
    if (std::any_of(axes.begin(), axes.end(), [&](const auto& a) { return a.key == axis.key; })) {
      problems.push_back(
          {node.key_place.text() + ": " + axis.key, "is searched over twice", "", ""});
      continue;
    }
    if (node.kind == ManifestNode::Kind::table && choice == nullptr)
      read_range(node, axis, problems);
    else if (node.kind == ManifestNode::Kind::table && node.children.size() > 1)
      problems.push_back({node.place.text() + ": " + axis.key, "mixes choice with other words",
                          "a choice has no range", ""});
    else
      read_values(*choice, axis, member.key, problems);
    axes.push_back(std::move(axis));
  }
  return axes;
}

Setting read_setting(const ManifestNode& table, const std::string& name, Problems& problems) {
  Setting setting;
  if (table.kind != ManifestNode::Kind::table) {
    problems.push_back({table.place.text() + ": " + name, "is no table of keys", "",
                        "Write { \"train.learning_rate\" = 1e-4 }."});
    return setting;
  }
  for (const NamedNode& member : members_of(table)) {
    const Json written = member.node->json();
    const std::string key = settable_key(member, written, problems);
    if (key.empty()) continue;
    Json value = canonical_word(member.key, written).value;
    if (!read_key_value(key, member.node->place, value, problems)) continue;
    if (!setting.emplace(key, value).second)
      problems.push_back({member.node->key_place.text() + ": " + key, "is set twice", "", ""});
  }
  return setting;
}

}  // namespace temper
