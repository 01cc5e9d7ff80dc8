// The recipe of a token store, as `data_recipe` of plan/plan_job writes it, read and checked by
// what prepares the store.
//
//   const Recipe recipe = value_or_throw(read_recipe("data/1f2e....recipe.json"));
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/problem.hpp"
#include "io/rows.hpp"
#include "plan/cleaning_steps.hpp"
#include "plan/row_format.hpp"

namespace temper {

inline constexpr int kSplits = 3;
inline const char* split_name(int split) {
  constexpr const char* names[kSplits] = {"train", "eval", "test"};
  return names[split];
}

struct SourceFile {
  std::string path, name;  // `name` is what rows are called by: the file's name where that is clear
  int split = 0;           // -1: each row's group decides
  std::string sha256;
};

struct Recipe {
  Json json;  // as read
  DataSpec data;
  RowTask task = RowTask::classification;
  std::string stage;  // of a language model: sft, clm or mlm
  LearnedPart learned = LearnedPart::everything;
  std::string chat_template;             // its text; "" where there is none
  Json special_tokens = Json::object();  // "eos_token": "</s>", or "eos_token_id": 2, ...
  std::vector<SourceFile> files;         // of train, then eval, then test
  std::vector<CleaningStep> steps;
  std::string tokenizer, tokenizer_sha256;
  std::int64_t max_length = 0, vocab_size = 0;
  std::vector<std::string> own_label_names;  // of the model's own head; empty: none
};

Checked<Recipe> recipe_from_json(const Json& json);
Checked<Recipe> read_recipe(const std::filesystem::path& path);

// What rows of a model.task hold.
RowTask task_of_rows(const std::string& task);

// The manifest key that names the files of a split.
std::string file_key(int split);

// A document of the report: "train.jsonl:17".
std::string place_of(const Recipe& recipe, std::uint32_t file, std::int64_t line);

// What drops a document of more than max_length tokens, or "" where such are cut: a step of the
// recipe, or data.truncation.
std::string token_bound_step(const Recipe& recipe);

}  // namespace temper
