#include <algorithm>
#include <set>

#include "core/contract.hpp"
#include "experiments/draw.hpp"
#include "experiments/manifest_tree.hpp"
#include "experiments/manifest_words.hpp"
#include "experiments/read_space.hpp"
#include "experiments/resolve_paths.hpp"
#include "experiments/study.hpp"
#include "experiments/study_checks.hpp"
#include "experiments/study_keys.hpp"
#include "experiments/trial_spec.hpp"
#include "plan/check_spec.hpp"
#include "plan/content_hash.hpp"
#include "plan/model_files.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

void read_member(const std::string& table, const ManifestNode& node, Study& study,
                 Problems& problems) {
  const std::string key = table + "." + node.key;
  const std::string written = table + "." + (node.written.empty() ? node.key : node.written);
  const StudyKey* study_key = find_study_key(key);
  if (find_key(key) == nullptr && study_key == nullptr)
    return problems.push_back(unknown_key(node.key_place.text(), written, manifest_key_names()));
  study.places[key] = node.place.text();
  Json value = node.json();
  if (study_key == nullptr) {
    if (read_key_value(key, node.place, value, problems))
      for (Problem& problem : find_key(key)->set(study.base, value))
        problems.push_back(placed(std::move(problem), node.place.text()));
  } else if (key == "search.space") {
    study.search.space = read_space(node, problems);
  } else if (key == "confirm.set") {
    study.confirm.set = read_setting(node, key, problems);
  } else if (key == "search.trials") {
    if (node.kind != ManifestNode::Kind::list)
      problems.push_back({node.place.text() + ": " + key, "is no list of tables", "", ""});
    for (const ManifestNode& item : node.children)
      study.search.trials.push_back(read_setting(item, key, problems));
  } else {
    const std::string fault = study_key->set(study, value);
    if (!fault.empty()) problems.push_back({node.place.text() + ": " + written, fault, "", ""});
  }
}

void read_table(const ManifestNode& table, Study& study, Problems& problems) {
  const std::vector<std::string>& tables = manifest_tables();
  if (std::find(tables.begin(), tables.end(), table.key) == tables.end()) {
    std::string hint = did_you_mean(table.key, tables);
    if (table.kind != ManifestNode::Kind::table)
      hint = unknown_key("", table.key, manifest_key_names()).remedy;
    const std::string what =
        table.kind == ManifestNode::Kind::table ? "unknown table" : "stands in no table";
    return problems.push_back({table.key_place.text() + ": " + table.key, what, "", hint});
  }
  if (is_reserved_key(table.key))
    return problems.push_back(unknown_key(table.key_place.text(), table.key, {}));
  if (table.kind != ManifestNode::Kind::table)
    return problems.push_back({table.key_place.text() + ": " + table.key, "is no table", "",
                               "Write [" + table.key + "]."});
  for (const ManifestNode& member : table.children) read_member(table.key, member, study, problems);
}

void place_study(const fs::path& manifest, Study& study) {
  const fs::path folder = fs::absolute(manifest).lexically_normal().parent_path();
  if (study.output_dir.empty()) study.output_dir = fs::path("runs") / study.name;
  study.output_dir = (folder / study.output_dir).lexically_normal();
  if (study.base.data.store_dir.empty())
    study.base.data.store_dir = (study.output_dir / "data").string();
  if (!study.places.contains("train.seed")) study.base.train.seed = study.seed;
  study.base = spec_of_setting(study, {});
}

// All values that any trial may give the key.
std::vector<Json> values_of_key(const Study& study, const std::string& key) {
  std::vector<Json> values{find_key(key)->get(study.base)};
  for (const SearchAxis& axis : study.search.space)
    if (axis.key == key) values.insert(values.end(), axis.values.begin(), axis.values.end());
  std::vector<Setting> settings = study.search.trials;
  settings.push_back(study.confirm.set);
  for (const Setting& setting : settings)
    if (const auto found = setting.find(key); found != setting.end())
      values.push_back(found->second);
  return values;
}

std::set<std::string> paths_of_key(const Study& study, const std::string& key) {
  std::set<std::string> paths;
  for (const Json& value : values_of_key(study, key))
    for (const Json& item : value.is_array() ? value : Json::array({value}))
      if (!item.get<std::string>().empty()) paths.insert(item.get<std::string>());
  return paths;
}

void hash_model(const std::string& directory, Study& study, HashCache& cache, Problems& problems) {
  const auto place = study.places.find("model.model_name_or_path");
  const std::string where =
      (place == study.places.end() ? "" : place->second + ": ") + "model.model_name_or_path";
  const bool random = study.base.model.random_init;
  const Checked<fs::path> gguf = find_gguf(directory);
  if (!gguf) return problems.push_back(gguf.problems().front());
  if (gguf.value().empty() && !fs::exists(fs::path(directory) / "config.json"))
    problems.push_back({where, directory + " has no config.json and no .gguf file",
                        "it is no model", "Give a Hugging Face directory or a .gguf file."});
  if (tokenizer_file(fs::path(directory)).empty() && study.base.model.tokenizer.empty())
    problems.push_back({where, directory + " has no tokenizer.json", "texts become no tokens",
                        "Set model.tokenizer to the path of one."});
  const std::vector<fs::path> weights = weight_files(directory);
  if (weights.empty() && !random)
    problems.push_back({where, directory + " has no model.safetensors",
                        "there are no weights to start from",
                        "Set model.random_init = true to start from random ones."});
  for (const fs::path& file : weights)
    if (!fs::exists(file))
      return problems.push_back(
          {where, file.string() + " is missing", "the index of the weights names it", ""});
  const std::string& revision = study.base.model.revision_sha256;
  if (!revision.empty() && !weights.empty()) {
    const std::string actual = weights_sha256(directory, cache);
    if (actual != revision)
      problems.push_back({study.places.at("model.revision_sha256") + ": model.revision_sha256",
                          "the weights in " + directory + " have another hash",
                          "they have " + actual, "Is it the right model?"});
  }
  study.contents[directory] = model_fingerprint(directory, !random);
}

void hash_contents(Study& study, Problems& problems) {
  HashCache cache(fs::path(study.base.data.store_dir) / "hashes.json");
  for (const std::string& directory : paths_of_key(study, "model.model_name_or_path")) {
    hash_model(directory, study, cache, problems);
    const fs::path tokenizer = tokenizer_file(fs::path(directory));
    if (!tokenizer.empty()) study.contents[tokenizer.string()] = cache.sha256_of(tokenizer);
  }
  for (const char* key : {"model.tokenizer", "model.chat_template", "data.train_file",
                          "data.validation_file", "data.test_file"})
    for (const std::string& path : paths_of_key(study, key))
      study.contents[path] = cache.sha256_of(path);
  for (const std::string& directory : paths_of_key(study, "lora.adapter_name_or_path")) {
    std::string hashes;
    for (const char* name : {"adapter_config.json", "adapter_model.safetensors"})
      if (const fs::path file = fs::path(directory) / name; fs::exists(file))
        hashes += cache.sha256_of(file);
    study.contents[directory] = hashes;
  }
  cache.save();
}

}  // namespace

Checked<Study> read_study(const fs::path& path) {
  const Checked<Manifest> manifest = read_manifest(path);
  if (!manifest) return manifest.problems();
  Problems problems = manifest.value().problems;
  Study study;
  for (const ManifestNode& table : manifest.value().root.children)
    read_table(table, study, problems);
  study.manifests = manifest.value().files;
  study.manifest_sha256 = manifest.value().sha256;
  if (!study.places.contains("study.name"))
    problems.push_back({path.string() + ": study.name", "is missing", "it names the study's folder",
                        "Add [study] name = \"...\"."});
  if (!study.places.contains("model.model_name_or_path"))
    problems.push_back({path.string() + ": model.model_name_or_path", "is missing", "",
                        "Name a Hugging Face directory or a model of the shelf."});
  if (!study.places.contains("data.train_file"))
    problems.push_back(
        {path.string() + ": data.train_file", "is missing", "there is nothing to train on", ""});
  place_study(path, study);
  for (Problem& problem : check_study(study)) problems.push_back(std::move(problem));
  if (!problems.empty()) return problems;
  hash_contents(study, problems);
  if (!problems.empty()) return problems;
  return study;
}

}  // namespace temper
