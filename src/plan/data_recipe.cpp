#include <filesystem>

#include "core/digest.hpp"
#include "core/file.hpp"
#include "plan/check_spec.hpp"
#include "plan/model_files.hpp"
#include "plan/plan_job.hpp"
#include "plan/row_format.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

// What a language model's rows are made into tokens by, besides the tokenizer.
void add_language(const RunSpec& spec, Json& recipe) {
  const ModelFiles files = value_or_throw(read_model_files(spec.model.model_name_or_path));
  const std::string& own = spec.model.chat_template;
  recipe["stage"] = spec.train.stage;
  recipe["learned"] = spec.train.stage == "sft"
                          ? to_text(learned_part(spec.train, spec.data.row_format))
                          : to_text(LearnedPart::everything);
  recipe["chat_template"] = spec.train.stage != "sft" ? ""
                            : own.empty()             ? files.chat_template
                                                      : value_or_throw(read_text_file(own));
  recipe["special_tokens"] = special_tokens(files);
}

}  // namespace

std::int64_t effective_max_length(const RunSpec& spec, const ModelShape& shape) {
  if (spec.data.max_length > 0) return spec.data.max_length;
  const fs::path path = fs::path(spec.model.model_name_or_path) / "sentence_bert_config.json";
  if (fs::exists(path))
    if (const Checked<Json> json = read_json_file(path);
        json && json.value().value("max_seq_length", Json()).is_number_integer())
      return std::min<std::int64_t>(shape.max_positions,
                                    json.value()["max_seq_length"].get<std::int64_t>());
  return shape.max_positions;
}

Json data_recipe(const RunSpec& spec, const ModelShape& shape,
                 const std::map<std::string, std::string>& known_hashes) {
  Json data = to_json(spec)["data"];
  for (const char* key :
       {"max_train_samples", "max_eval_samples", "shuffle", "store_dir", "packing"})
    data.erase(key);
  const std::string tokenizer = tokenizer_file(spec);
  Json sources = Json::object();
  std::vector<std::string> files = spec.data.train_file;
  for (const auto* more : {&spec.data.validation_file, &spec.data.test_file})
    files.insert(files.end(), more->begin(), more->end());
  files.push_back(tokenizer);
  for (const std::string& file : files) {
    const auto known = known_hashes.find(file);
    sources[file] = known == known_hashes.end() ? sha256_of_file(file) : known->second;
  }
  Json recipe = {{"format", "temper-recipe/1"},
                 {"data", data},
                 {"task", spec.model.task},
                 {"tokenizer", tokenizer},
                 {"max_length", effective_max_length(spec, shape)},
                 {"max_positions", shape.max_positions},
                 {"vocab_size", shape.vocab_size},
                 {"label_names", shape.own_head ? shape.label_names : std::vector<std::string>{}},
                 {"source_sha256", sources}};
  if (spec.model.task == "causal-lm" || spec.model.task == "masked-lm") add_language(spec, recipe);
  return recipe;
}

std::string recipe_id(const Json& recipe) {
  // Places are no part of the identity, contents are.
  Json identity = recipe;
  std::vector<std::string> hashes;
  for (const auto& [file, hash] : recipe.at("source_sha256").items())
    hashes.push_back(hash.get<std::string>());
  identity["source_sha256"] = hashes;
  identity.erase("tokenizer");
  for (const char* key : {"train_file", "validation_file", "test_file"})
    identity["data"].erase(key);
  identity["parts"] = {recipe["data"]["train_file"].size(),
                       recipe["data"]["validation_file"].size(),
                       recipe["data"]["test_file"].size()};
  return sha256_hex(canonical_json(identity)).substr(0, 16);
}

}  // namespace temper
