// temper-rank inspect STORE.h5 SAMPLES
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
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
  // Classes of documents, or of tokens.
  const std::int64_t all =
      std::accumulate(split.class_counts.begin(), split.class_counts.end(), std::int64_t{0});
  std::int64_t most = 0, least = all;
  for (std::size_t c = 0; c < names.size(); ++c) {
    const std::int64_t count = split.class_counts[c];
    const double share = double(count) / double(all);
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
  if (split.trained_tokens > 0) described["trained_tokens"] = split.trained_tokens;
  if (!names.empty()) described.update(describe_classes(split, names));
  return described;
}

// The document's text in runs of tokens that are learned and that are not. Runs are cut from
// growing decodings, so that together they are the text whatever a decoder does at its beginning.
Json learned_segments(const std::vector<std::int32_t>& ids, const std::vector<std::uint8_t>& marks,
                      const Tokenizer& tokenizer) {
  Json segments = Json::array();
  std::size_t shown = 0;
  for (std::size_t end = 1; end <= ids.size(); ++end) {
    const bool learned = marks[end - 1] & kTrained;
    if (end < ids.size() && bool(marks[end] & kTrained) == learned) continue;
    const std::string text =
        tokenizer.decode({ids.begin(), ids.begin() + std::ptrdiff_t(end)}, false);
    if (text.size() <= shown) continue;
    segments.push_back({{"text", text.substr(shown)}, {"learned", learned}});
    shown = text.size();
  }
  return segments;
}

// What there is to predict: a class, a value, marked tokens, or classes of tokens.
void describe_targets(const TokenStore& store, const StoreSplit& split, std::int64_t document,
                      const std::vector<std::int32_t>& ids, const Tokenizer* tokenizer,
                      Json& described) {
  const std::string task = task_of(store.card());
  if (task == "regression") {
    described["value"] = split.value(document);
  } else if (task == "sequence-classification") {
    described["label"] = split.label(document);
    described["label_name"] = store.card().label_names[std::size_t(split.label(document))];
  } else if (task == "token-classification") {
    std::vector<std::int32_t> labels(ids.size());
    split.read_token_labels(document, labels.data());
    described["token_labels"] = labels;
  } else {
    std::vector<std::uint8_t> marks(ids.size());
    split.read_marks(document, marks.data());
    described["learned_tokens"] = std::count_if(marks.begin(), marks.end(),
                                                [](std::uint8_t mark) { return mark & kTrained; });
    described["learned_bytes"] = split.trained_bytes(document);
    if (tokenizer != nullptr) described["segments"] = learned_segments(ids, marks, *tokenizer);
  }
}

Json describe_document(const TokenStore& store, const std::string& name, std::int64_t document,
                       const Tokenizer* tokenizer) {
  const StoreSplit& split = store.split(name);
  std::vector<std::int32_t> ids(std::size_t(split.length(document)));
  split.read_tokens(document, ids.data(), nullptr);
  Json described = {{"split", name}, {"document", document}, {"id", split.id(document)}};
  describe_targets(store, split, document, ids, tokenizer, described);
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
