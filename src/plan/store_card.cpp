#include "plan/store_card.hpp"

#include <algorithm>

namespace temper {

namespace {
constexpr const char* kCardFormat = "temper-store/1";
}

std::string task_of(const StoreCard& card) {
  return card.recipe.value(
      "task", std::string(card.label_names.empty() ? "regression" : "sequence-classification"));
}

Json to_json(const StoreCard& card) {
  Json splits = Json::array();
  for (const StoreCard::Split& split : card.splits)
    splits.push_back({{"name", split.name},
                      {"documents", split.documents},
                      {"tokens", split.tokens},
                      {"longest", split.longest},
                      {"trained_tokens", split.trained_tokens},
                      {"class_counts", split.class_counts},
                      {"length_counts", split.length_counts}});
  return {{"format", kCardFormat},
          {"recipe_sha256", card.recipe_sha256},
          {"vocab_size", card.vocab_size},
          {"label_names", card.label_names},
          {"mask_token", card.mask_token},
          {"tokenizer_vocabulary", card.tokenizer_vocabulary},
          {"splits", splits},
          {"cleaning", card.cleaning},
          {"recipe", card.recipe}};
}

StoreCard store_card_from_json(const Json& json) {
  try {
    if (json.at("format") != kCardFormat)
      throw BadInput(Problem{"format", "is " + json.at("format").dump(),
                             std::string("this version reads ") + kCardFormat,
                             "Prepare the data again."});
    StoreCard card;
    json.at("recipe_sha256").get_to(card.recipe_sha256);
    json.at("vocab_size").get_to(card.vocab_size);
    json.at("label_names").get_to(card.label_names);
    card.mask_token = json.value("mask_token", -1);
    card.tokenizer_vocabulary = json.value("tokenizer_vocabulary", std::int64_t{0});
    for (const Json& each : json.at("splits")) {
      StoreCard::Split& split = card.splits.emplace_back();
      each.at("name").get_to(split.name);
      each.at("documents").get_to(split.documents);
      each.at("tokens").get_to(split.tokens);
      each.at("longest").get_to(split.longest);
      split.trained_tokens = each.value("trained_tokens", std::int64_t{0});
      each.at("class_counts").get_to(split.class_counts);
      each.at("length_counts").get_to(split.length_counts);
    }
    card.cleaning = json.at("cleaning");
    card.recipe = json.at("recipe");
    return card;
  } catch (const Json::exception& error) {
    throw BadInput(
        Problem{"", "is no card of a token store", error.what(), "Prepare the data again."});
  }
}

Checked<StoreCard> read_store_card(const std::filesystem::path& path) {
  const Checked<Json> json = read_json_file(path);
  if (!json) return json.problems();
  try {
    return store_card_from_json(json.value());
  } catch (const BadInput& error) {
    Problems problems = error.problems();
    for (Problem& problem : problems)
      problem.where = path.string() + (problem.where.empty() ? "" : ": " + problem.where);
    return problems;
  }
}

DataFacts data_facts(const StoreCard& card) {
  DataFacts facts;
  double squares = 0;
  facts.label_names = card.label_names;
  for (const StoreCard::Split& split : card.splits) {
    facts.longest = std::max(facts.longest, split.longest);
    if (split.name == "train") {
      facts.documents = split.documents;
      facts.tokens = split.tokens;
      facts.trained_tokens = split.trained_tokens;
      for (std::size_t length = 0; length < split.length_counts.size(); ++length)
        squares += double(length * length) * double(split.length_counts[length]);
    } else {
      (split.name == "eval" ? facts.eval_documents : facts.test_documents) = split.documents;
    }
  }
  facts.context = facts.tokens > 0 ? squares / double(facts.tokens) : 0;
  return facts;
}

}  // namespace temper
