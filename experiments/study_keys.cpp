#include "experiments/study_keys.hpp"

#include <algorithm>

#include "plan/metrics.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

using Set = std::function<std::string(Study&, const Json&)>;

template <class Member>
Set text(Member member) {
  return [member](Study& study, const Json& json) -> std::string {
    if (!json.is_string()) return json.dump() + " is no text";
    member(study) = json.get<std::string>();
    return "";
  };
}

template <class Member>
Set whole(Member member, std::int64_t least) {
  return [member, least](Study& study, const Json& json) -> std::string {
    if (!json.is_number_integer()) return json.dump() + " is no integer";
    if (json.get<std::int64_t>() < least)
      return json.dump() + " is out of range: at least " + std::to_string(least);
    member(study) = json.get<std::int64_t>();
    return "";
  };
}

template <class Member>
Set wholes(Member member, std::int64_t least) {
  return [member, least](Study& study, const Json& json) -> std::string {
    if (!json.is_array()) return json.dump() + " is no list of integers";
    std::vector<std::int64_t> values;
    for (const Json& item : json) {
      if (!item.is_number_integer() || item.get<std::int64_t>() < least)
        return item.dump() + " is no integer of at least " + std::to_string(least);
      if (std::find(values.begin(), values.end(), item.get<std::int64_t>()) != values.end())
        return item.dump() + " stands there twice";
      values.push_back(item.get<std::int64_t>());
    }
    member(study) = values;
    return "";
  };
}

template <class Member>
Set word(Member member, std::vector<std::string> allowed, std::vector<std::string> later) {
  return [=](Study& study, const Json& json) -> std::string {
    if (!json.is_string()) return json.dump() + " is no text";
    const std::string given = json.get<std::string>();
    if (std::find(later.begin(), later.end(), given) != later.end())
      return json.dump() + " is not supported yet";
    if (std::find(allowed.begin(), allowed.end(), given) == allowed.end()) {
      std::string all;
      for (const std::string& one : allowed) all += (all.empty() ? "" : ", ") + one;
      const std::string hint = did_you_mean(given, allowed);
      return json.dump() + " is not one of " + all + (hint.empty() ? "" : ". " + hint);
    }
    member(study) = given;
    return "";
  };
}

std::string set_name(Study& study, const Json& json) {
  const std::string name = json.is_string() ? json.get<std::string>() : "";
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (name.empty() || !plain || name.front() == '-' || name.size() > 100)
    return json.dump() + " is no name: lower-case letters, digits and '-', at most 100";
  study.name = name;
  return "";
}

std::string set_target(Study& study, const Json& json) {
  if (!json.is_object()) return json.dump() + " is no table of metrics";
  for (const auto& [metric, value] : json.items()) {
    std::vector<std::string> metrics;
    for (const char* task : {"token-classification", "regression", "causal-lm"})
      for (const std::string& name : objective_names(task)) metrics.push_back(name);
    if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end())
      return "\"" + metric + "\" is no metric. " + did_you_mean(metric, metrics);
    if (!value.is_number()) return metric + " = " + value.dump() + " is no number";
    study.target[metric] = value.get<double>();
  }
  return "";
}

std::string set_site(Study& study, const Json& json) {
  if (!json.is_string()) return json.dump() + " is no text";
  if (json != "local") return json.dump() + " is not supported yet: only \"local\" is";
  study.cluster.site = "local";
  return "";
}

std::string set_layouts(Study& study, const Json& json) {
  if (!json.is_array()) return json.dump() + " is no list of layouts";
  std::vector<std::string> layouts;
  for (const Json& item : json) {
    if (!item.is_string()) return item.dump() + " is no layout";
    const Checked<Layout> layout = layout_of(item.get<std::string>());
    if (!layout) return item.dump() + " " + layout.problems().front().what;
    layouts.push_back(item.get<std::string>());
  }
  study.scale.layouts = layouts;
  return "";
}

#define TEMPER_MEMBER(path) \
  [](Study & s) -> auto& { return s.path; }

// A key that is one member of Study.
template <class Member>
StudyKey bound(const std::string& name, const std::string& type, const std::string& meaning,
               Member member, Set set) {
  const auto get = [member](const Study& study) { return Json(member(const_cast<Study&>(study))); };
  return {name, type, meaning, get, std::move(set)};
}

template <class Member>
StudyKey text_key(const std::string& name, const std::string& meaning, Member member) {
  return bound(name, "text", meaning, member, text(member));
}
template <class Member>
StudyKey whole_key(const std::string& name, const std::string& meaning, Member member,
                   std::int64_t least) {
  return bound(name, "integer", meaning, member, whole(member, least));
}

std::vector<StudyKey> study_table() {
  return {
      bound("study.name", "text", "names the study and its folder; required", TEMPER_MEMBER(name),
            set_name),
      text_key("study.description", "the question it answers", TEMPER_MEMBER(description)),
      text_key("study.use_case", "who will use the result, and for what", TEMPER_MEMBER(use_case)),
      bound("study.target", "table", "what counts as reached: { \"test/macro_f1\" = 0.84 }",
            TEMPER_MEMBER(target), set_target),
      {"study.output_dir", "text", "folder of the study; empty: runs/<name> beside the manifest",
       [](const Study& s) { return Json(s.output_dir.string()); },
       [](Study& s, const Json& json) -> std::string {
         if (!json.is_string()) return json.dump() + " is no text";
         return s.output_dir = json.get<std::string>(), "";
       }},
      whole_key("study.seed", "train.seed and search.seed where they are not given",
                TEMPER_MEMBER(seed), 0)};
}

std::vector<StudyKey> search_table() {
  return {bound("search.method", "text", "how settings are chosen", TEMPER_MEMBER(search.method),
                word(TEMPER_MEMBER(search.method), {"none", "grid", "random", "list"},
                     {"sobol", "latin", "asha", "external", "tpe", "hyperband", "pbt"})),
          whole_key("search.num_trials", "draws of method = \"random\"",
                    TEMPER_MEMBER(search.num_trials), 1),
          {"search.seed", "integer", "of the draws; without it the study's",
           [](const Study& s) { return s.search.seed ? Json(*s.search.seed) : Json(nullptr); },
           [](Study& s, const Json& json) -> std::string {
             if (!json.is_number_integer() || json.get<std::int64_t>() < 0)
               return json.dump() + " is no integer of at least 0";
             return s.search.seed = json.get<std::int64_t>(), "";
           }},
          {"search.space",
           "table",
           "keys and their values: lists, or { min, max, log, int, step }",
           [](const Study& s) {
             Json keys = Json::array();
             for (const SearchAxis& axis : s.search.space) keys.push_back(axis.key);
             return keys;
           },
           {}},
          {"search.trials",
           "list of tables",
           "the settings of method = \"list\"",
           [](const Study& s) { return Json(s.search.trials); },
           {}}};
}

std::vector<StudyKey> stage_tables() {
  return {
      bound("confirm.seeds", "list of integers", "the best settings again under these seeds",
            TEMPER_MEMBER(confirm.seeds), wholes(TEMPER_MEMBER(confirm.seeds), 0)),
      whole_key("confirm.top_k", "how many of the best settings", TEMPER_MEMBER(confirm.top_k), 1),
      {"confirm.set",
       "table",
       "keys that differ in the confirmation",
       [](const Study& s) { return Json(s.confirm.set); },
       {}},
      bound("scale.kind", "text", "strong: documents a step constant; weak: documents a rank",
            TEMPER_MEMBER(scale.kind), word(TEMPER_MEMBER(scale.kind), {"strong", "weak"}, {})),
      bound("scale.ranks", "list of integers", "rank counts to compare", TEMPER_MEMBER(scale.ranks),
            wholes(TEMPER_MEMBER(scale.ranks), 1)),
      bound("scale.layouts", "list of texts", "layouts to compare: \"dp2\", \"zero0-dp4\"",
            TEMPER_MEMBER(scale.layouts), set_layouts),
      whole_key("scale.repeats", "independent jobs of each layout", TEMPER_MEMBER(scale.repeats),
                1),
      whole_key("scale.steps", "measured steps of each job", TEMPER_MEMBER(scale.steps), 1),
      whole_key("scale.warmup_steps", "steps before those, left out",
                TEMPER_MEMBER(scale.warmup_steps), 0),
      bound("cluster.site", "text", "where jobs run", TEMPER_MEMBER(cluster.site), set_site),
      whole_key("cluster.max_parallel_trials", "trials side by side; 0: as the cores allow",
                TEMPER_MEMBER(cluster.max_parallel_trials), 0),
      whole_key("cluster.max_attempts", "tries of a trial that fails",
                TEMPER_MEMBER(cluster.max_attempts), 1)};
}
#undef TEMPER_MEMBER

}  // namespace

const std::vector<StudyKey>& study_keys() {
  static const std::vector<StudyKey> keys = [] {
    std::vector<StudyKey> all = study_table();
    for (const auto& part : {search_table(), stage_tables()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return keys;
}

const StudyKey* find_study_key(const std::string& name) {
  for (const StudyKey& key : study_keys())
    if (key.name == name) return &key;
  return nullptr;
}

std::vector<std::string> manifest_key_names() {
  std::vector<std::string> names = key_names();
  for (const StudyKey& key : study_keys()) names.push_back(key.name);
  return names;
}

const std::vector<std::string>& manifest_tables() {
  static const std::vector<std::string> tables{
      "study",      "model",  "data",    "train", "lora",    "generation", "parallel",
      "checkpoint", "search", "confirm", "scale", "cluster", "budget",     "cost"};
  return tables;
}

std::vector<std::string> objective_names(const std::string& task) {
  std::vector<std::string> names;
  for (const char* split : {"eval/", "test/"})
    for (const std::string& metric : metric_names(task)) names.push_back(split + metric);
  return names;
}

}  // namespace temper
