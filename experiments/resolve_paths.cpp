#include "experiments/resolve_paths.hpp"

#include <glob.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace temper {

namespace fs = std::filesystem;

namespace {

fs::path absolute_in(const fs::path& folder, const std::string& written) {
  if (written == "~" || written.starts_with("~/"))
    if (const char* home = std::getenv("HOME"))
      return (fs::path(home) / (written.size() > 2 ? written.substr(2) : "")).lexically_normal();
  return (folder / written).lexically_normal();
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (std::size_t i = 0; i < names.size() && i < 12; ++i) all += (i ? ", " : "") + names[i];
  return names.size() > 12 ? all + ", ..." : all;
}

Problems resolve_model(const std::string& key, const fs::path& folder, Json& value) {
  const std::string name = value.get<std::string>();
  const fs::path here = absolute_in(folder, name), shelved = model_shelf() / name;
  for (const fs::path& candidate : {here, shelved})
    if (!name.empty() && (fs::is_directory(candidate) ||
                          (candidate.extension() == ".gguf" && fs::is_regular_file(candidate))))
      return value = candidate.string(), Problems{};
  const std::vector<std::string> shelf = names_in(model_shelf());
  const std::string hint = did_you_mean(fs::path(name).filename().string(), shelf);
  return {{key,
           "\"" + name + "\" is no folder, no .gguf file (" + here.string() +
               ") and no model on the shelf " + model_shelf().string(),
           shelf.empty() ? "the shelf is empty" : "on the shelf: " + listed(shelf),
           hint.empty()
               ? "Give the path of a Hugging Face directory or a .gguf file, or put one on the "
                 "shelf."
               : hint}};
}

bool is_glob(const std::string& text) { return text.find_first_of("*?[") != std::string::npos; }

std::vector<std::string> glob_files(const fs::path& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i) files.push_back(found.gl_pathv[i]);
  ::globfree(&found);
  return files;  // glob(3) sorts
}

Problems resolve_files(const std::string& key, const fs::path& folder, Json& value) {
  Problems problems;
  Json files = Json::array();
  for (const Json& item : value.is_string() ? Json::array({value}) : value) {
    if (!item.is_string()) return {};
    const std::string written = item.get<std::string>();
    if (written.empty()) continue;
    const fs::path path = absolute_in(folder, written);
    if (is_glob(written) && !fs::exists(path)) {
      const std::vector<std::string> matches = glob_files(path);
      for (const std::string& match : matches) files.push_back(match);
      if (matches.empty())
        problems.push_back({key, "no file matches \"" + written + "\"",
                            "looked in " + path.parent_path().string(), ""});
    } else if (fs::is_regular_file(path)) {
      files.push_back(path.string());
    } else {
      const std::vector<std::string> beside = names_in(path.parent_path());
      problems.push_back(
          {key, path.string() + (fs::is_directory(path) ? " is a folder" : " does not exist"), "",
           did_you_mean(path.filename().string(), beside)});
    }
  }
  value = files;
  return problems;
}

}  // namespace

fs::path model_shelf() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (!variable("TEMPER_PREFIX").empty()) return fs::path(variable("TEMPER_PREFIX")) / "models";
  if (!variable("XDG_CACHE_HOME").empty())
    return fs::path(variable("XDG_CACHE_HOME")) / "temper" / "models";
  return fs::path(variable("HOME")) / ".cache" / "temper" / "models";
}

bool is_input_key(const std::string& key) {
  return key == "model.model_name_or_path" || key == "model.tokenizer" ||
         key == "model.chat_template" || key == "lora.adapter_name_or_path" ||
         key == "data.train_file" ||
         key == "data.validation_file" || key == "data.test_file";
}

Problems resolve_paths(const std::string& key, const fs::path& folder, Json& value) {
  if (key == "data.store_dir" && value.is_string() && value != "")
    return value = absolute_in(folder, value.get<std::string>()).string(), Problems{};
  if (key == "model.model_name_or_path" && value.is_string())
    return resolve_model(key, folder, value);
  if (key == "model.tokenizer" && value.is_string() && value != "") {
    fs::path path = absolute_in(folder, value.get<std::string>());
    if (fs::is_directory(path)) path /= "tokenizer.json";
    if (!fs::is_regular_file(path)) return {{key, path.string() + " does not exist", "", ""}};
    return value = path.string(), Problems{};
  }
  if (key == "model.chat_template" && value.is_string() && value != "") {
    const fs::path path = absolute_in(folder, value.get<std::string>());
    if (!fs::is_regular_file(path)) return {{key, path.string() + " does not exist", "", ""}};
    return value = path.string(), Problems{};
  }
  if (key == "lora.adapter_name_or_path" && value.is_string() && value != "") {
    const fs::path path = absolute_in(folder, value.get<std::string>());
    if (!fs::is_regular_file(path / "adapter_config.json"))
      return {{key, path.string() + " has no adapter_config.json", "it is no PEFT directory", ""}};
    return value = path.string(), Problems{};
  }
  if (is_input_key(key) && (value.is_string() || value.is_array()))
    return resolve_files(key, folder, value);
  return {};
}

}  // namespace temper
