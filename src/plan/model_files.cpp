#include "plan/model_files.hpp"

#include <algorithm>

#include "core/file.hpp"
#include "plan/content_hash.hpp"
#include "plan/gguf_config.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

bool is_gguf(const fs::path& path) { return path.extension() == ".gguf"; }

// The value of a JSON file that may be absent (null).
Json optional_json(const fs::path& path, Problems& problems) {
  if (!fs::exists(path)) return nullptr;
  Checked<Json> json = read_json_file(path);
  if (json) return std::move(json).value();
  for (const Problem& problem : json.problems()) problems.push_back(problem);
  return nullptr;
}

// A template, or a list of named ones.
std::string template_in(const Json& tokenizer_config) {
  if (!tokenizer_config.is_object() || !tokenizer_config.contains("chat_template")) return "";
  const Json& value = tokenizer_config["chat_template"];
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return "";
  for (const Json& named : value)
    if (named.is_object() && named.value("name", Json()) == "default" &&
        named.value("template", Json()).is_string())
      return named["template"].get<std::string>();
  return "";
}

// What lies beside a GGUF file that was given by itself belongs to it where it is the only one.
fs::path folder_of(const fs::path& model, const fs::path& gguf) {
  if (gguf.empty() || fs::is_directory(model)) return model;
  const fs::path folder = fs::absolute(gguf).parent_path();
  const Checked<fs::path> alone = find_gguf(folder);
  return alone && !alone.value().empty() ? folder : fs::path();
}

std::int64_t largest_id(const Json& json) {
  std::int64_t largest = -1;
  const auto look = [&](const Json& id) {
    if (id.is_number_integer()) largest = std::max(largest, id.get<std::int64_t>());
  };
  const Json none = Json::object();
  const Json& model = json.contains("model") && json["model"].is_object() ? json["model"] : none;
  if (model.contains("vocab") && model["vocab"].is_object())
    for (const auto& [token, id] : model["vocab"].items()) look(id);
  if (model.contains("vocab") && model["vocab"].is_array())  // Unigram: ids are places
    largest = std::int64_t(model["vocab"].size()) - 1;
  if (json.contains("added_tokens") && json["added_tokens"].is_array())
    for (const Json& added : json["added_tokens"])
      if (added.is_object() && added.contains("id")) look(added["id"]);
  return largest;
}

}  // namespace

Checked<fs::path> find_gguf(const fs::path& model) {
  if (is_gguf(model)) return model;
  std::error_code error;
  if (!fs::is_directory(model, error) || fs::exists(model / "config.json")) return fs::path();
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(model, error))
    if (is_gguf(entry.path())) found.push_back(entry.path());
  if (found.size() < 2) return found.empty() ? fs::path() : found.front();
  std::sort(found.begin(), found.end());
  return Problem{model.string(), "holds " + std::to_string(found.size()) + " .gguf files",
                 "which one is meant is not said",
                 "Give the path of one, for example " + found.front().string() + "."};
}

Checked<ModelConfig> read_model_config(const fs::path& model) {
  const Checked<fs::path> gguf = find_gguf(model);
  if (!gguf) return gguf.problems();
  ModelConfig result;
  if (gguf.value().empty()) {
    result.where = (model / "config.json").string();
    Checked<Json> json = read_json_file(result.where);
    if (!json) return json.problems();
    if (!json.value().is_object()) return Problem{result.where, "is no JSON object", "", ""};
    result.config = std::move(json).value();
    return result;
  }
  result.where = gguf.value().string();
  Checked<GgufHeader> header = read_gguf_header(gguf.value());
  if (!header) return header.problems();
  Checked<Json> config = config_of_gguf(header.value());
  if (!config) return config.problems();
  result.config = std::move(config).value();
  result.header = std::make_shared<const GgufHeader>(std::move(header).value());
  return result;
}

Checked<ModelFiles> read_model_files(const fs::path& model) {
  Checked<ModelConfig> config = read_model_config(model);
  if (!config) return config.problems();
  ModelFiles files;
  static_cast<ModelConfig&>(files) = std::move(config).value();
  const GgufHeader* header = files.header.get();
  files.folder = folder_of(model, header == nullptr ? fs::path() : header->file);
  Problems problems;
  if (!files.folder.empty()) {
    files.tokenizer_config = optional_json(files.folder / "tokenizer_config.json", problems);
    files.generation_config = optional_json(files.folder / "generation_config.json", problems);
    if (const fs::path path = files.folder / "chat_template.jinja"; fs::exists(path)) {
      Checked<std::string> text = read_text_file(path);
      if (text)
        files.chat_template = std::move(text).value();
      else
        problems.push_back(text.problems().front());
    }
  }
  if (files.chat_template.empty()) files.chat_template = template_in(files.tokenizer_config);
  if (header != nullptr) {
    if (files.chat_template.empty()) files.chat_template = chat_template_of_gguf(*header);
    if (files.tokenizer_config.is_null())
      files.tokenizer_config = tokenizer_config_of_gguf(*header);
    if (files.generation_config.is_null())
      files.generation_config = generation_config_of_gguf(*header);
  }
  if (!problems.empty()) return problems;
  files.tokenizer_file = tokenizer_file(model);
  files.weight_files = weight_files(model);
  return files;
}

fs::path tokenizer_file(const fs::path& model) {
  const Checked<fs::path> gguf = find_gguf(model);
  const fs::path folder = folder_of(model, gguf ? gguf.value() : fs::path());
  if (!folder.empty() && fs::exists(folder / "tokenizer.json")) return folder / "tokenizer.json";
  return gguf ? gguf.value() : fs::path();
}

Checked<std::int64_t> count_token_ids(const ModelFiles& files) {
  if (files.header != nullptr && files.tokenizer_file == files.header->file) {
    const auto* tokens = files.header->strings("tokenizer.ggml.tokens");
    return tokens == nullptr ? 0 : std::int64_t(tokens->size());
  }
  Checked<Json> json = read_json_file(files.tokenizer_file);
  if (!json) return json.problems();
  return json.value().is_object() ? largest_id(json.value()) + 1 : 0;
}

Problems check_token_ids(const ModelFiles& files, std::int64_t vocab_size) {
  const Checked<std::int64_t> ids = count_token_ids(files);
  if (!ids) return ids.problems();
  if (ids.value() <= vocab_size) return {};
  return {{files.tokenizer_file.string(), "gives ids up to " + std::to_string(ids.value() - 1),
           "vocab_size is " + std::to_string(vocab_size) + ": the embedding has no more rows",
           "Is it the tokenizer of this model?"}};
}

Json special_tokens(const ModelFiles& files) {
  Json tokens = Json::object();
  for (const std::string name : {"bos_token", "eos_token", "mask_token"}) {
    Json text =
        files.tokenizer_config.is_object() ? files.tokenizer_config.value(name, Json()) : Json();
    if (text.is_object()) text = text.value("content", Json());
    if (text.is_string()) {
      tokens[name] = text;
      continue;
    }
    for (const Json* config : {&files.config, &files.generation_config}) {
      Json id = config->is_object() ? config->value(name + "_id", Json()) : Json();
      if (id.is_array() && !id.empty()) id = id.front();
      if (id.is_number_integer() && !tokens.contains(name + "_id")) tokens[name + "_id"] = id;
    }
  }
  return tokens;
}

}  // namespace temper
