#include "io/prepare/split_columns.hpp"

#include <algorithm>

#include "io/document_source.hpp"
#include "io/prepare/classes.hpp"

namespace temper {

namespace {

// Calls use(label, document) for each label of the documents that stay.
template <class Use>
void for_labels(const Documents& d, Use&& use) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < d.size(); at += d.lengths[i++]) {
    if (d.dropped[i]) continue;
    if (!d.label.empty()) use(d.label[i], i);
    if (d.token_labels.empty()) continue;
    for (std::size_t t = at; t < at + d.lengths[i]; ++t)
      if (d.token_labels[t] >= 0) use(std::uint32_t(d.token_labels[t]), i);
  }
}

LabelTable gather_labels(const Group& world, const Recipe& recipe, const Documents& documents) {
  std::vector<LabelFacts> mine(documents.labels.size());
  for_labels(documents, [&](std::uint32_t label, std::size_t i) {
    LabelFacts& facts = mine[label];
    const std::size_t split = documents.split[i];
    if (facts.counts[split]++ == 0)
      facts.first[split] = place_of(recipe, documents.file[i], documents.line[i]);
  });
  Json told = Json::array();
  for (std::size_t l = 0; l < mine.size(); ++l)
    told.push_back({{"label", documents.labels[l]},
                    {"counts", mine[l].counts},
                    {"first", mine[l].first},
                    {"integer", bool(documents.label_is_integer[l])}});
  LabelTable table;
  for (const std::string& text : world.all_gather_text(told.dump()))
    for (const Json& each : Json::parse(text)) {
      LabelFacts& facts = table[each["label"].get<std::string>()];
      facts.integer = facts.integer && each["integer"].get<bool>();
      for (std::size_t s = 0; s < kSplits; ++s) {
        facts.counts[s] += each["counts"][s].get<std::int64_t>();
        if (facts.first[s].empty()) facts.first[s] = each["first"][s].get<std::string>();
      }
    }
  std::erase_if(table, [](const auto& entry) {
    const auto& counts = entry.second.counts;
    return std::all_of(counts.begin(), counts.end(), [](std::int64_t n) { return n == 0; });
  });
  return table;
}

// Appends document i's share of a column that has a value for each token, or none at all.
template <class T>
void append_tokens(std::vector<T>& to, const std::vector<T>& from, std::size_t at,
                   std::size_t length) {
  if (from.empty()) return;
  const auto begin = from.begin() + std::ptrdiff_t(at);
  to.insert(to.end(), begin, begin + std::ptrdiff_t(length));
}

}  // namespace

std::vector<std::int32_t> number_classes(const Group& world, const Recipe& recipe,
                                         const Documents& documents,
                                         std::vector<std::string>& names) {
  const LabelTable labels = gather_labels(world, recipe, documents);
  std::vector<std::int32_t> numbers;
  run_agreed(world, "number the classes", [&] {
    const ClassPlan plan =
        value_or_throw(plan_classes(labels, {recipe.own_label_names, recipe.data.label_names}));
    names = plan.names;
    for (const std::string& label : documents.labels) {
      const auto found = plan.number.find(label);
      numbers.push_back(found == plan.number.end() ? -1 : found->second);
    }
  });
  return numbers;
}

std::int64_t take_columns(const Documents& d, const std::vector<int>& slots,
                          const std::vector<std::int32_t>& numbers,
                          std::vector<SplitColumns>& columns, std::vector<TextColumn>& words) {
  std::int64_t rows = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < d.size(); at += d.lengths[i++]) {
    if (d.dropped[i]) continue;
    const std::size_t slot = std::size_t(slots[d.split[i]]), length = d.lengths[i];
    SplitColumns& c = columns[slot];
    append_tokens(c.tokens, d.tokens, at, length);
    append_tokens(c.types, d.types, at, length);
    append_tokens(c.marks, d.marks, at, length);
    if (!d.token_labels.empty())
      for (std::size_t t = at; t < at + length; ++t)
        c.token_labels.push_back(d.token_labels[t] < 0 ? -100
                                                       : numbers[std::size_t(d.token_labels[t])]);
    c.lengths.push_back(d.lengths[i]);
    if (!d.value.empty()) c.values.push_back(d.value[i]);
    if (!d.label.empty()) {
      c.labels.push_back(numbers[d.label[i]]);
      words[slot].push_back(d.words[i]);
    }
    if (!d.trained_bytes.empty()) c.trained_bytes.push_back(d.trained_bytes[i]);
    if (!d.piece.empty()) c.pieces.push_back(d.piece[i]);
    rows += d.piece.empty() || d.piece[i] == 0;
    c.files.push_back(d.file[i]);
    c.lines.push_back(std::uint64_t(d.line[i]));
    if (d.ids.size() == 0) continue;
    c.ids += d.ids[i];
    c.id_lengths.push_back(std::uint32_t(d.ids[i].size()));
  }
  return rows;
}

void count_split(const Group& world, const SplitColumns& columns, std::size_t classes, bool causal,
                 StoreCard::Split& split) {
  std::int64_t trained = 0;
  std::size_t at = 0;
  for (const std::uint32_t length : columns.lengths) {
    for (std::size_t t = at; t < at + length; ++t) {
      if (!columns.marks.empty()) trained += (columns.marks[t] & kTrained) && (t > at || !causal);
      if (!columns.token_labels.empty()) trained += columns.token_labels[t] >= 0;
    }
    at += length;
  }
  std::int64_t sums[3] = {columns.documents(), std::int64_t(columns.tokens.size()), trained};
  world.all_reduce_sum(sums, 3, Dtype::i64);
  split.documents = sums[0];
  split.tokens = sums[1];
  split.trained_tokens = sums[2];
  for (const std::uint32_t length : columns.lengths)
    split.longest = std::max<std::int64_t>(split.longest, length);
  world.all_reduce_max(&split.longest, 1, Dtype::i64);
  split.length_counts.assign(std::size_t(split.longest) + 1, 0);
  for (const std::uint32_t length : columns.lengths) ++split.length_counts[length];
  world.all_reduce_sum(split.length_counts.data(), std::int64_t(split.length_counts.size()),
                       Dtype::i64);
  split.class_counts.assign(classes, 0);
  for (const std::int32_t label : columns.labels) ++split.class_counts[std::size_t(label)];
  for (const std::int32_t label : columns.token_labels)
    if (label >= 0) ++split.class_counts[std::size_t(label)];
  world.all_reduce_sum(split.class_counts.data(), std::int64_t(classes), Dtype::i64);
}

}  // namespace temper
