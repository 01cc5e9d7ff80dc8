// temper-rank inspect STORE.h5 SAMPLES
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "apps/rank_command.hpp"
#include "core/philox.hpp"
#include "io/token_store.hpp"
#include "text/load_tokenizer.hpp"

namespace temper {

namespace {

// The least length that `share` of the documents do not exceed.
std::int64_t quantile(const StoreCard::Split& split, double share) {
  const double wanted = share * double(split.documents);
  std::int64_t seen = 0;
  for (std::size_t length = 0; length < split.length_counts.size(); ++length) {
    seen += split.length_counts[length];
    if (double(seen) >= wanted) return std::int64_t(length);
  }
  return split.longest;
}

Json describe_classes(const StoreCard::Split& split, const std::vector<std::string>& names) {
  Json classes = Json::array();
  double entropy = 0;
  std::int64_t most = 0, least = split.documents;
  for (std::size_t c = 0; c < names.size(); ++c) {
    const std::int64_t count = split.class_counts[c];
    const double share = double(count) / double(split.documents);
    if (count > 0) entropy -= share * std::log(share);
    most = std::max(most, count);
    if (count > 0) least = std::min(least, count);
    classes.push_back({{"class", c}, {"name", names[c]}, {"documents", count}, {"share", share}});
  }
  return {{"classes", classes},
          {"imbalance_ratio", double(most) / double(least)},
          {"effective_classes", std::exp(entropy)}};
}

Json describe_split(const StoreCard::Split& split, const std::vector<std::string>& names) {
  Json described = {{"name", split.name},
                    {"documents", split.documents},
                    {"tokens", split.tokens},
                    {"mean_tokens", double(split.tokens) / double(split.documents)},
                    {"median_tokens", quantile(split, 0.5)},
                    {"p90_tokens", quantile(split, 0.9)},
                    {"p99_tokens", quantile(split, 0.99)},
                    {"longest_tokens", split.longest},
                    {"length_histogram", split.length_counts}};
  if (!names.empty()) described.update(describe_classes(split, names));
  return described;
}

Json describe_document(const TokenStore& store, const std::string& name, std::int64_t document,
                       const Tokenizer* tokenizer) {
  const StoreSplit& split = store.split(name);
  std::vector<std::int32_t> ids(std::size_t(split.length(document)));
  split.read_tokens(document, ids.data(), nullptr);
  Json described = {{"split", name}, {"document", document}, {"id", split.id(document)}};
  if (store.card().label_names.empty()) {
    described["value"] = split.value(document);
  } else {
    described["label"] = split.label(document);
    described["label_name"] = store.card().label_names[std::size_t(split.label(document))];
  }
  described["tokens"] = ids.size();
  described["token_ids"] = ids;
  described["text"] = tokenizer ? Json(tokenizer->decode(ids, true)) : Json(nullptr);
  return described;
}

// A keyed sample over all splits.
Json sample_documents(const TokenStore& store, int samples, const Tokenizer* tokenizer) {
  std::uint64_t total = 0;
  for (const StoreCard::Split& split : store.card().splits) total += std::uint64_t(split.documents);
  const KeyedPermutation order(7, Purpose::subset, 1, total);
  Json all = Json::array();
  for (std::uint64_t i = 0; i < std::min(total, std::uint64_t(std::max(samples, 0))); ++i) {
    std::int64_t document = std::int64_t(order(i));
    for (const StoreCard::Split& split : store.card().splits) {
      if (document < split.documents) {
        all.push_back(describe_document(store, split.name, document, tokenizer));
        break;
      }
      document -= split.documents;
    }
  }
  return all;
}

}  // namespace

Outcome run_rank_inspect(const std::filesystem::path& path, int samples) {
  const TokenStore store(path);
  store.verify();
  const StoreCard& card = store.card();
  std::optional<Tokenizer> tokenizer;
  const std::string file = card.recipe.value("tokenizer", std::string());
  Json warnings = Json::array();
  if (Checked<Tokenizer> loaded = load_tokenizer(file))
    tokenizer.emplace(std::move(loaded).value());
  else
    warnings.push_back("samples are not decoded: " + loaded.problems().front().text());
  Json splits = Json::array();
  for (const StoreCard::Split& split : card.splits)
    splits.push_back(describe_split(split, card.label_names));
  const Json described = {
      {"store", path.string()},
      {"bytes", std::filesystem::file_size(path)},
      {"verified", true},
      {"recipe_sha256", card.recipe_sha256},
      {"vocab_size", card.vocab_size},
      {"label_names", card.label_names},
      {"splits", splits},
      {"cleaning", card.cleaning},
      {"samples", sample_documents(store, samples, tokenizer ? &*tokenizer : nullptr)},
      {"warnings", warnings}};
  std::printf("%s\n", described.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  return Outcome::done;
}

}  // namespace temper
