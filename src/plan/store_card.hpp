// What a token store holds, small enough to plan by: kept beside the store as JSON and inside it.
//
//   const StoreCard card = value_or_throw(read_store_card("runs/wn24/data/1f2e....json"));
//   plan_job(spec, shape, data_facts(card), machine);
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/problem.hpp"
#include "plan/plan_job.hpp"

namespace temper {

struct StoreCard {
  struct Split {
    std::string name;  // train | eval | test
    std::int64_t documents = 0, tokens = 0, longest = 0;
    // Tokens whose prediction is learned (language models); that have a class (token
    // classification).
    std::int64_t trained_tokens = 0;
    std::vector<std::int64_t> class_counts;   // by class number, where there are classes
    std::vector<std::int64_t> length_counts;  // [l] = documents of l tokens
    bool operator==(const Split&) const = default;
  };
  std::string recipe_sha256;  // of the canonical recipe
  std::vector<Split> splits;
  std::vector<std::string> label_names;   // empty where there are no classes
  std::int64_t vocab_size = 0;            // of the model
  std::int32_t mask_token = -1;           // -1: the tokenizer has none
  std::int64_t tokenizer_vocabulary = 0;  // ids that the tokenizer knows, at most vocab_size
  Json recipe = Json::object(), cleaning = Json::object();
};

// model.task of its recipe: what each document is to predict.
std::string task_of(const StoreCard& card);

Json to_json(const StoreCard& card);
// Throws BadInput when a part is missing or of another kind.
StoreCard store_card_from_json(const Json& json);
Checked<StoreCard> read_store_card(const std::filesystem::path& path);
DataFacts data_facts(const StoreCard& card);

}  // namespace temper
