#include "io/prepare/prepare.hpp"

#include <algorithm>
#include <array>

#include "core/digest.hpp"
#include "core/outcome.hpp"
#include "io/prepare/cleaning_summary.hpp"
#include "io/prepare/duplicates.hpp"
#include "io/prepare/encode/row_encoder.hpp"
#include "io/prepare/read_documents.hpp"
#include "io/prepare/report.hpp"
#include "io/prepare/split_columns.hpp"
#include "text/special_tokens.hpp"

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
                    !documents.label.empty()   ? documents.labels[documents.label[i]]
                    : !documents.value.empty() ? Json(documents.value[i]).dump()
                                               : "",
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

// Of a masked language model; it cannot be trained without.
std::int32_t mask_token_of(const Recipe& recipe, const Tokenizer& tokenizer) {
  return recipe.stage == "mlm"
             ? special_token(recipe.special_tokens, "mask_token", tokenizer, {"[MASK]", "<mask>"})
             : -1;
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
  if (recipe.task == RowTask::classification || recipe.task == RowTask::token_classes)
    numbers = number_classes(world, recipe, documents, prepared.card.label_names);
  std::vector<int> slots(kSplits, 0);
  const std::vector<int> splits = wanted_splits(recipe);
  for (std::size_t s = 0; s < splits.size(); ++s) slots[std::size_t(splits[s])] = int(s);
  prepared.columns.resize(splits.size());
  prepared.words.resize(splits.size());
  std::int64_t kept = take_columns(documents, slots, numbers, prepared.columns, prepared.words);
  world.all_reduce_sum(&kept, 1, Dtype::i64);
  documents = {};

  StoreCard& card = prepared.card;
  card.recipe = recipe.json;
  card.recipe_sha256 = sha256_hex(canonical_json(recipe.json));
  card.vocab_size = recipe.vocab_size;
  card.tokenizer_vocabulary = std::min(tokenizer.vocab_size(), recipe.vocab_size);
  card.mask_token = mask_token_of(recipe, tokenizer);
  for (std::size_t s = 0; s < splits.size(); ++s) {
    StoreCard::Split& split = card.splits.emplace_back();
    split.name = split_name(splits[s]);
    count_split(world, prepared.columns[s], card.label_names.size(), recipe.stage != "mlm", split);
  }
  card.cleaning = cleaning_summary(recipe, report.gathered(world), kept);
  return prepared;
}

}  // namespace temper
