#include "io/prepare/recipe.hpp"

#include <cmath>
#include <map>

#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

void check_split(const SplitSpec& split, const DataSpec& data, Problems& problems) {
  if (!data.validation_file.empty() || !data.test_file.empty())
    problems.push_back({"data.split", "is given beside files for validation or test",
                        "rows have their split from one or the other", "Leave one out."});
  const double sum = split.train + split.validation + split.test;
  if (split.train <= 0 || split.validation < 0 || split.test < 0 || std::abs(sum - 1) > 1e-9)
    problems.push_back({"data.split",
                        "the shares " + Json(split.train).dump() + ", " +
                            Json(split.validation).dump() + ", " + Json(split.test).dump() +
                            " are no parts of 1 with some for train",
                        "", "Let them add up to 1."});
}

void list_files(Recipe& recipe) {
  const std::vector<std::string>* lists[kSplits] = {
      &recipe.data.train_file, &recipe.data.validation_file, &recipe.data.test_file};
  const Json& hashes = recipe.json.at("source_sha256");
  std::map<std::string, int> names;
  for (int split = 0; split < kSplits; ++split)
    for (const std::string& path : *lists[split]) {
      const std::string name = std::filesystem::path(path).filename().string();
      recipe.files.push_back(
          {path, name, recipe.data.split ? -1 : split, hashes.value(path, std::string())});
      ++names[name];
    }
  for (SourceFile& file : recipe.files)
    if (names[file.name] > 1) file.name = file.path;
}

}  // namespace

RowTask task_of_rows(const std::string& task) {
  if (task == "causal-lm" || task == "masked-lm") return RowTask::language;
  if (task == "token-classification") return RowTask::token_classes;
  return task == "regression" ? RowTask::regression : RowTask::classification;
}

std::string place_of(const Recipe& recipe, std::uint32_t file, std::int64_t line) {
  return recipe.files[file].name + ":" + std::to_string(line);
}

std::string token_bound_step(const Recipe& recipe) {
  for (const CleaningStep& step : recipe.steps)
    if (step.kind == CleaningKind::drop_long && step.most_characters == 0) return step.name;
  return recipe.data.truncation == "drop" ? "truncation" : "";
}

std::string file_key(int split) {
  constexpr const char* keys[kSplits] = {"data.train_file", "data.validation_file",
                                         "data.test_file"};
  return keys[split];
}

Checked<Recipe> recipe_from_json(const Json& json) {
  Recipe recipe;
  Problems problems;
  try {
    recipe.json = json;
    if (json.at("format") != "temper-recipe/1")
      return Problem{"format", "is " + json.at("format").dump() + ", not \"temper-recipe/1\"", "",
                     "Plan the study again."};
    Checked<RunSpec> spec = run_spec_from_json({{"data", json.at("data")}});
    if (!spec) return spec.problems();
    recipe.data = spec.value().data;
    const std::string task = json.at("task");
    recipe.task = task_of_rows(task);
    if (recipe.task == RowTask::language) {
      json.at("stage").get_to(recipe.stage);
      recipe.learned = learned_part_of(json.at("learned"));
      json.at("chat_template").get_to(recipe.chat_template);
      recipe.special_tokens = json.at("special_tokens");
    }
    json.at("tokenizer").get_to(recipe.tokenizer);
    json.at("max_length").get_to(recipe.max_length);
    json.at("vocab_size").get_to(recipe.vocab_size);
    json.at("label_names").get_to(recipe.own_label_names);
    recipe.tokenizer_sha256 = json.at("source_sha256").value(recipe.tokenizer, std::string());
    list_files(recipe);
  } catch (const Json::exception& error) {
    return Problem{"", "is no recipe of a token store", error.what(), "Plan the study again."};
  }
  if (recipe.data.train_file.empty())
    problems.push_back({"data.train_file", "is missing", "", "Name the training rows."});
  if (recipe.data.split) check_split(*recipe.data.split, recipe.data, problems);
  const Checked<std::vector<CleaningStep>> steps = parse_cleaning_steps(recipe.data.clean);
  if (steps)
    recipe.steps = steps.value();
  else
    for (const Problem& problem : steps.problems()) problems.push_back(problem);
  if (!problems.empty()) return problems;
  return recipe;
}

Checked<Recipe> read_recipe(const std::filesystem::path& path) {
  const Checked<Json> json = read_json_file(path);
  if (!json) return json.problems();
  return recipe_from_json(json.value());
}

}  // namespace temper
