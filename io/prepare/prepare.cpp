#include "io/prepare/prepare.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/digest.hpp"
#include "core/outcome.hpp"
#include "io/prepare/classes.hpp"
#include "io/prepare/duplicates.hpp"
#include "io/prepare/read_documents.hpp"
#include "io/prepare/report.hpp"

namespace temper {

namespace {

void check_sources(const Group& world, const Recipe& recipe) {
  run_agreed(world, "check the sources", [&] {
    std::vector<SourceFile> sources = recipe.files;
    sources.push_back({recipe.tokenizer, recipe.tokenizer, 0, recipe.tokenizer_sha256});
    for (std::size_t i = std::size_t(world.rank()); i < sources.size(); i += world.size())
      if (!sources[i].sha256.empty() && sha256_of_file(sources[i].path) != sources[i].sha256)
        throw BadInput(Problem{sources[i].path, "is not what it was when the study was planned", "",
                               "Run the command again."});
  });
}

void check_bad_rows(const Group& world, const Recipe& recipe, const PrepareReport& all) {
  run_agreed(world, "read the data", [&] {
    const std::int64_t bad = all.counted("bad rows");
    if (bad <= recipe.data.max_bad_rows) return;
    Problems problems;
    for (const BadRow& row : all.bad_rows()) {
      if (problems.size() == 10) break;
      problems.push_back({row.file + ":" + std::to_string(row.line), row.what, "", ""});
    }
    problems.push_back({"data.max_bad_rows",
                        std::to_string(bad) +
                            (bad == 1 ? " row is bad, and " : " rows are bad, and ") +
                            std::to_string(recipe.data.max_bad_rows) + " may be dropped",
                        "", "Mend the rows, or allow more."});
    throw BadInput(problems);
  });
}

std::string dedup_step(const Recipe& recipe) {
  for (const CleaningStep& step : recipe.steps)
    if (step.kind == CleaningKind::dedup) return step.name;
  return "";
}

// Drops what the answers say is to be dropped, and counts the rest.
void apply_answers(const Recipe& recipe, const std::vector<DuplicateAnswer>& answers,
                   Documents& documents, PrepareReport& report) {
  const std::string dedup = dedup_step(recipe);
  const bool by_hash = recipe.data.split.has_value();
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const DuplicateAnswer& answer = answers[i];
    const int split = documents.split[i];
    const auto where = [&] { return place_of(recipe, documents.file[i], documents.line[i]); };
    const auto first = [&] { return place_of(recipe, answer.first_file, answer.first_line); };
    if (answer.conflict) {
      report.count("conflicts: rows");
      report.count("conflicts: texts", answer.begins_conflict);
      report.sample("conflicts", where(),
                    documents.value.empty() ? documents.labels[documents.label[i]]
                                            : Json(documents.value[i]).dump(),
                    "");
    }
    if (answer.repeats) {
      report.count("repeats");
      if (!dedup.empty()) {
        documents.dropped[i] = true;
        report.count(dedup + ": dropped");
        report.sample(dedup, where(), "repeats " + first(), "");
        continue;
      }
    }
    if (by_hash && answer.first_split != split) {
      documents.dropped[i] = true;
      report.count("leaks: dropped");
      report.sample("leaks", where(),
                    std::string("has words of a row in ") + split_name(answer.first_split), "");
      continue;
    }
    for (int other = 0; other < split && !by_hash; ++other) {
      if (!(answer.splits >> other & 1)) continue;
      const std::string pair = std::string(split_name(other)) + "/" + split_name(split);
      report.count("overlap " + pair);
      report.sample("overlap", where(), std::string("has words of a row in ") + split_name(other),
                    "");
    }
    if (answer.group_splits & ~(1 << split)) report.count("groups across splits");
  }
}

LabelTable gather_labels(const Group& world, const Recipe& recipe, const Documents& documents) {
  std::vector<LabelFacts> mine(documents.labels.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (documents.dropped[i]) continue;
    LabelFacts& facts = mine[documents.label[i]];
    const std::size_t split = documents.split[i];
    if (facts.counts[split]++ == 0)
      facts.first[split] = place_of(recipe, documents.file[i], documents.line[i]);
  }
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

// Moves the rows that stay into the columns of their splits.
void take_columns(const Recipe& recipe, const Documents& d, const std::vector<int>& slots,
                  const std::vector<std::int32_t>& numbers, Prepared& prepared) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < d.size(); at += d.lengths[i++]) {
    if (d.dropped[i]) continue;
    const std::size_t slot = std::size_t(slots[d.split[i]]);
    SplitColumns& c = prepared.columns[slot];
    const auto from = d.tokens.begin() + std::ptrdiff_t(at);
    c.tokens.insert(c.tokens.end(), from, from + d.lengths[i]);
    c.lengths.push_back(d.lengths[i]);
    if (!d.types.empty()) {
      const auto types = d.types.begin() + std::ptrdiff_t(at);
      c.types.insert(c.types.end(), types, types + d.lengths[i]);
    }
    if (recipe.task == RowTask::regression) {
      c.values.push_back(d.value[i]);
    } else {
      c.labels.push_back(numbers[d.label[i]]);
      prepared.words[slot].push_back(d.words[i]);
    }
    c.files.push_back(d.file[i]);
    c.lines.push_back(std::uint64_t(d.line[i]));
    if (d.ids.size() == 0) continue;
    c.ids += d.ids[i];
    c.id_lengths.push_back(std::uint32_t(d.ids[i].size()));
  }
}

void count_split(const Group& world, const SplitColumns& columns, std::size_t classes,
                 StoreCard::Split& split) {
  std::int64_t sums[2] = {columns.documents(), std::int64_t(columns.tokens.size())};
  world.all_reduce_sum(sums, 2, Dtype::i64);
  split.documents = sums[0];
  split.tokens = sums[1];
  for (const std::uint32_t length : columns.lengths)
    split.longest = std::max<std::int64_t>(split.longest, length);
  world.all_reduce_max(&split.longest, 1, Dtype::i64);
  split.length_counts.assign(std::size_t(split.longest) + 1, 0);
  for (const std::uint32_t length : columns.lengths) ++split.length_counts[length];
  world.all_reduce_sum(split.length_counts.data(), std::int64_t(split.length_counts.size()),
                       Dtype::i64);
  split.class_counts.assign(classes, 0);
  for (const std::int32_t label : columns.labels) ++split.class_counts[std::size_t(label)];
  world.all_reduce_sum(split.class_counts.data(), std::int64_t(classes), Dtype::i64);
}

// The splits that the recipe asks for, in order.
std::vector<int> wanted_splits(const Recipe& recipe) {
  if (recipe.data.split) {
    const SplitSpec& s = *recipe.data.split;
    std::vector<int> splits{0};
    if (s.validation > 0) splits.push_back(1);
    if (s.test > 0) splits.push_back(2);
    return splits;
  }
  std::vector<int> splits{0};
  if (!recipe.data.validation_file.empty()) splits.push_back(1);
  if (!recipe.data.test_file.empty()) splits.push_back(2);
  return splits;
}

void check_splits(const Group& world, const Recipe& recipe, const Documents& documents) {
  std::array<std::int64_t, kSplits> rows{};
  for (std::size_t i = 0; i < documents.size(); ++i)
    rows[documents.split[i]] += !documents.dropped[i];
  world.all_reduce_sum(rows.data(), kSplits, Dtype::i64);
  run_agreed(world, "split the data", [&] {
    Problems problems;
    for (const int split : wanted_splits(recipe))
      if (rows[std::size_t(split)] == 0)
        problems.push_back({recipe.data.split ? "data.split" : file_key(split),
                            std::string("no rows for ") + split_name(split), "",
                            recipe.data.split
                                ? "Give more rows or another share."
                                : "Is the file empty, or did cleaning drop everything?"});
    if (!problems.empty()) throw BadInput(problems);
  });
}

Json cleaning_json(const Recipe& recipe, const PrepareReport& all, std::int64_t kept) {
  Json steps = Json::array();
  std::vector<CleaningStep> listed = recipe.steps;
  if (token_bound_step(recipe) == "truncation")
    listed.push_back({CleaningKind::drop_long, 0, "truncation"});
  for (const CleaningStep& step : listed)
    steps.push_back({{"step", step.name},
                     {"meaning", info_of(step.kind).meaning},
                     {"changed", all.counted(step.name + ": changed")},
                     {"dropped", all.counted(step.name + ": dropped")},
                     {"samples", all.samples(step.name)}});
  Json bad = Json::array(), files = Json::array(), overlap = Json::object();
  for (const BadRow& row : all.bad_rows())
    bad.push_back({{"where", row.file + ":" + std::to_string(row.line)}, {"what", row.what}});
  for (const SourceFile& file : recipe.files) files.push_back(file.name);
  for (const char* pair : {"train/eval", "train/test", "eval/test"})
    overlap[pair] = all.counted(std::string("overlap ") + pair);
  return {{"rows", all.counted("rows")},
          {"kept", kept},
          {"bad_rows", all.counted("bad rows")},
          {"bad_row_samples", bad},
          {"steps", steps},
          {"cut_to_max_length", all.counted("cut")},
          {"repeated_rows", all.counted("repeats")},
          {"label_conflicts",
           {{"texts", all.counted("conflicts: texts")},
            {"rows", all.counted("conflicts: rows")},
            {"samples", all.samples("conflicts")}}},
          {"overlap", overlap},
          {"overlap_samples", all.samples("overlap")},
          {"leaks_dropped", all.counted("leaks: dropped")},
          {"leak_samples", all.samples("leaks")},
          {"rows_of_groups_across_splits", all.counted("groups across splits")},
          {"files", files}};
}

}  // namespace

Prepared prepare_rows(const Group& world, const Recipe& recipe, const Tokenizer& tokenizer,
                      ProgressSink sink) {
  check_sources(world, recipe);
  PrepareReport report;
  Documents documents = read_documents(world, recipe, tokenizer, sink, report);
  check_bad_rows(world, recipe, report.gathered(world));
  apply_answers(recipe, find_duplicates(world, documents), documents, report);
  check_splits(world, recipe, documents);

  Prepared prepared;
  std::vector<std::int32_t> numbers;
  if (recipe.task == RowTask::classification) {
    const LabelTable labels = gather_labels(world, recipe, documents);
    run_agreed(world, "number the classes", [&] {
      const ClassPlan plan =
          value_or_throw(plan_classes(labels, {recipe.own_label_names, recipe.data.label_names}));
      prepared.card.label_names = plan.names;
      for (const std::string& label : documents.labels) {
        const auto found = plan.number.find(label);
        numbers.push_back(found == plan.number.end() ? -1 : found->second);
      }
    });
  }
  std::vector<int> slots(kSplits, 0);
  const std::vector<int> splits = wanted_splits(recipe);
  for (std::size_t s = 0; s < splits.size(); ++s) slots[std::size_t(splits[s])] = int(s);
  prepared.columns.resize(splits.size());
  prepared.words.resize(splits.size());
  take_columns(recipe, documents, slots, numbers, prepared);
  documents = {};

  StoreCard& card = prepared.card;
  card.recipe = recipe.json;
  card.recipe_sha256 = sha256_hex(canonical_json(recipe.json));
  card.vocab_size = recipe.vocab_size;
  std::int64_t kept = 0;
  for (std::size_t s = 0; s < splits.size(); ++s) {
    StoreCard::Split& split = card.splits.emplace_back();
    split.name = split_name(splits[s]);
    count_split(world, prepared.columns[s], card.label_names.size(), split);
    kept += split.documents;
  }
  card.cleaning = cleaning_json(recipe, report.gathered(world), kept);
  return prepared;
}

}  // namespace temper
