#include "apps/rank_baselines.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <numeric>

#include "analysis/word_baseline.hpp"
#include "core/file.hpp"
#include "core/philox.hpp"
#include "core/progress.hpp"
#include "mpi/exchange.hpp"

namespace temper {

namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::int64_t kMostWeightBytes = std::int64_t{2} << 30;

bool has_baselines(const StoreCard& card) { return task_of(card) == "sequence-classification"; }

bool has_word_baseline(const StoreCard& card) {
  return has_baselines(card) &&
         std::int64_t(card.label_names.size()) * 4 * std::int64_t{WordBaseline::kFeatures} <=
             kMostWeightBytes;
}

// Where this rank's rows begin among those of all ranks.
std::int64_t first_row(const Group& world, std::int64_t mine) {
  std::vector<std::int64_t> counts(std::size_t(world.size()), 0);
  counts[std::size_t(world.rank())] = mine;
  world.all_gather(counts.data(), 1, Dtype::i64);
  return std::accumulate(counts.begin(), counts.begin() + world.rank(), std::int64_t{0});
}

// Which training rows are used: all, or a keyed sample.
std::vector<bool> chosen_rows(std::int64_t rows) {
  std::vector<bool> chosen(std::size_t(rows), rows <= kMostBaselineRows);
  if (rows <= kMostBaselineRows) return chosen;
  const KeyedPermutation order(kSeed, Purpose::subset, 0, std::uint64_t(rows));
  for (std::int64_t i = 0; i < kMostBaselineRows; ++i)
    chosen[std::size_t(order(std::uint64_t(i)))] = true;
  return chosen;
}

// The chosen training rows of all ranks, in order, on rank 0.
FeatureRows gather_rows(const Group& world, const Prepared& prepared) {
  const TextColumn& words = prepared.words[0];
  const std::int64_t first = first_row(world, std::int64_t(words.size()));
  const std::vector<bool> chosen = chosen_rows(prepared.card.splits[0].documents);
  std::vector<std::string> to(std::size_t(world.size()));
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!chosen[std::size_t(first) + i]) continue;
    const std::int32_t head[2] = {prepared.columns[0].labels[i], std::int32_t(words[i].size())};
    to[0].append(reinterpret_cast<const char*>(head), sizeof head);
    to[0] += words[i];
  }
  FeatureRows rows;
  for (const std::string& from : exchange(world, std::move(to)))
    for (std::size_t at = 0; at < from.size();) {
      std::int32_t head[2];
      std::memcpy(head, from.data() + at, sizeof head);
      at += sizeof head;
      rows.add(std::string_view(from).substr(at, std::size_t(head[1])), head[0]);
      at += std::size_t(head[1]);
    }
  return rows;
}

WordBaseline train_on_rank_0(const Group& world, const Prepared& prepared) {
  WordBaseline model(std::int64_t(prepared.card.label_names.size()));
  const FeatureRows rows = gather_rows(world, prepared);
  run_agreed(world, "train the word baseline", [&] {
    if (world.rank() != 0) return;
    Progress progress("word baseline", WordBaseline::kEpochs * std::int64_t(rows.size()), "rows",
                      ProgressSink::machine_lines);
    model.train(rows, kSeed, [&](std::int64_t n) { progress.add(n); });
  });
  world.broadcast(model.weights().data(), std::int64_t(model.weights().size() * sizeof(float)), 0);
  return model;
}

void append_line(const std::string& id, std::int32_t label, const std::vector<double>& scores,
                 std::string& out) {
  const auto largest = std::max_element(scores.begin(), scores.end()) - scores.begin();
  out += "{\"id\":" + Json(id).dump(-1, ' ', false, Json::error_handler_t::replace) +
         ",\"label\":" + std::to_string(label) + ",\"prediction\":" + std::to_string(largest) +
         ",\"scores\":[";
  char number[32];
  for (const double score : scores) {
    const auto written = std::to_chars(number, number + sizeof number, float(score));
    out.append(number, written.ptr);
    out += ',';
  }
  out.back() = ']';
  out += "}\n";
}

// The rows of one split with what `predict` says of them, in order, on rank 0.
template <class Predict>
std::string gather_lines(const Group& world, const Prepared& prepared, std::size_t split,
                         Predict&& predict) {
  const SplitColumns& c = prepared.columns[split];
  std::vector<std::string> to(std::size_t(world.size()));
  std::size_t id_at = 0;
  for (std::size_t i = 0; i < c.labels.size(); ++i) {
    std::string id;
    if (c.id_lengths.empty())
      id = prepared.card.cleaning["files"][c.files[i]].get<std::string>() + ":" +
           std::to_string(c.lines[i]);
    else
      id = c.ids.substr(id_at, c.id_lengths[i]);
    if (!c.id_lengths.empty()) id_at += c.id_lengths[i];
    append_line(id, c.labels[i], predict(prepared.words[split][i]), to[0]);
  }
  std::string all;
  for (const std::string& from : exchange(world, std::move(to))) all += from;
  return all;
}

template <class Predict>
void write_predictions(const Group& world, const Prepared& prepared,
                       const std::filesystem::path& folder, const std::string& name,
                       Predict&& predict) {
  for (std::size_t split = 1; split < prepared.card.splits.size(); ++split) {
    const std::string lines = gather_lines(world, prepared, split, predict);
    run_agreed(world, "write the baselines", [&] {
      if (world.rank() == 0)
        write_file_atomically(folder / (name + "-" + prepared.card.splits[split].name + ".jsonl"),
                              lines);
    });
  }
}

}  // namespace

void write_baselines(const Group& world, const Prepared& prepared,
                     const std::filesystem::path& folder) {
  const StoreCard& card = prepared.card;
  if (!has_baselines(card)) return;
  std::vector<double> shares;
  for (const std::int64_t count : card.splits[0].class_counts)
    shares.push_back(double(count) / double(card.splits[0].documents));
  write_predictions(world, prepared, folder, "majority", [&](std::string_view) { return shares; });
  if (!has_word_baseline(card)) return;
  const WordBaseline model = train_on_rank_0(world, prepared);
  write_predictions(world, prepared, folder, "bigram-logistic",
                    [&](std::string_view words) { return model.probabilities(words); });
}

Json describe_baselines(const StoreCard& card) {
  if (!has_baselines(card)) return Json::object();
  const std::int64_t rows = card.splits[0].documents;
  Json described = {{"majority", {{"train_rows", rows}}}};
  if (has_word_baseline(card))
    described["bigram-logistic"] = {{"train_rows", std::min(rows, kMostBaselineRows)},
                                    {"sampled", rows > kMostBaselineRows}};
  return described;
}

}  // namespace temper
