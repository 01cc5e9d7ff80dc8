#include "io/prepare/read_documents.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "core/outcome.hpp"
#include "io/prepare/split_rows.hpp"
#include "text/cleaning.hpp"

namespace temper {

namespace {

struct PartToRead {
  FilePart part;
  RecordState start = RecordState::record_start;
  std::int64_t lines_before = 0, newlines = 0;
};

std::vector<std::int64_t> file_sizes(const Group& world, const Recipe& recipe) {
  std::vector<std::int64_t> sizes(recipe.files.size(), 0);
  run_agreed(world, "look at the data", [&] {
    if (world.rank() != 0) return;
    Problems problems;
    for (std::size_t f = 0; f < sizes.size(); ++f) {
      std::error_code error;
      const SourceFile& file = recipe.files[f];
      if (!std::filesystem::is_regular_file(file.path, error))
        problems.push_back({file.path, "there is no such file", error ? error.message() : "", ""});
      else
        sizes[f] = std::int64_t(std::filesystem::file_size(file.path));
    }
    if (!problems.empty()) throw BadInput(problems);
  });
  world.broadcast(sizes.data(), std::int64_t(sizes.size() * sizeof(std::int64_t)), 0);
  return sizes;
}

// Scans this rank's share and learns from the others in which state and on which line it begins.
std::vector<PartToRead> plan_parts(const Group& world, const Recipe& recipe,
                                   const std::vector<std::int64_t>& sizes) {
  std::vector<PartToRead> mine;
  run_agreed(world, "read the data", [&] {
    for (const FilePart& part : split_files(sizes, world.rank(), world.size()))
      mine.push_back({part});
  });
  struct Scanned {
    std::int32_t file;
    FileScan scan;
  };
  std::string scans;
  run_agreed(world, "read the data", [&] {
    for (PartToRead& each : mine) {
      const std::string& path = recipe.files[std::size_t(each.part.file)].path;
      const RowFormat format = value_or_throw(find_row_format(recipe.data, path));
      Scanned scanned{each.part.file,
                      scan_records(path, each.part.begin, each.part.end, record_format(format))};
      each.newlines = scanned.scan.newlines;
      scans.append(reinterpret_cast<const char*>(&scanned), sizeof scanned);
    }
  });
  const std::vector<std::string> all = world.all_gather_text(scans);
  for (PartToRead& each : mine)
    for (int rank = 0; rank < world.rank(); ++rank)
      for (std::size_t at = 0; at < all[std::size_t(rank)].size(); at += sizeof(Scanned)) {
        Scanned scanned;
        std::memcpy(&scanned, all[std::size_t(rank)].data() + at, sizeof scanned);
        if (scanned.file != each.part.file) continue;
        each.start = scanned.scan.then(each.start);
        each.lines_before += scanned.scan.newlines;
      }
  return mine;
}

class DocumentReader {
 public:
  DocumentReader(const Recipe& recipe, const Tokenizer& tokenizer, PrepareReport& report,
                 Documents& documents)
      : recipe_(recipe),
        tokenizer_(tokenizer),
        report_(report),
        documents_(documents),
        scratch_(tokenizer.make_scratch()),
        token_bound_(token_bound_step(recipe)),
        grouped_(!recipe.data.group_column.empty() ||
                 (recipe.data.split && !recipe.data.split->group_by.empty())) {
    options_.truncation =
        recipe.data.truncation == "left" ? TruncationSide::left : TruncationSide::right;
    options_.max_length = token_bound_.empty() ? recipe.max_length : 0;
    for (const CleaningStep& step : recipe.steps)
      if (!info_of(step.kind).drops) rewrites_.push_back({step, 0});
  }

  void read(const PartToRead& each, Progress& progress, std::int64_t ranks, std::int64_t most);
  void finish();

 private:
  struct Rewrite {
    CleaningStep step;
    std::int64_t changed;
  };
  struct Place {
    std::uint32_t file;
    std::int64_t line;
  };
  void rewrite(const Place& place);
  bool drops_text(const Place& place);
  void tokenize(const Place& place);
  void take(const Place& place);
  void bad(const Place& place, const std::string& what) {
    report_.bad_row({recipe_.files[place.file].name, place.line, what});
  }
  std::string where(const Place& place) const { return place_of(recipe_, place.file, place.line); }
  void drop(const std::string& step, const Place& place) {
    report_.count(step + ": dropped");
    report_.sample(step, where(place), row_.text, "");
  }

  const Recipe& recipe_;
  const Tokenizer& tokenizer_;
  PrepareReport& report_;
  Documents& documents_;
  std::unique_ptr<Tokenizer::Scratch, void (*)(Tokenizer::Scratch*)> scratch_;
  std::string token_bound_;
  bool grouped_;
  EncodeOptions options_;
  std::vector<Rewrite> rewrites_;
  std::int64_t rows_ = 0, cut_ = 0, done_ = 0;
  Row row_;
  std::string before_;
  std::vector<std::int32_t> ids_;
  std::vector<std::uint8_t> types_;
};

void DocumentReader::rewrite(const Place& place) {
  for (Rewrite& each : rewrites_) {
    before_ = row_.text;
    const bool text = apply_cleaning(each.step.kind, row_.text);
    const bool pair = !row_.text_pair.empty() && apply_cleaning(each.step.kind, row_.text_pair);
    if (!text && !pair) continue;
    if (each.changed++ < std::int64_t(PrepareReport::kMostSamples))
      report_.sample(each.step.name, where(place), before_, row_.text);
  }
}

bool DocumentReader::drops_text(const Place& place) {
  for (const CleaningStep& step : recipe_.steps) {
    if (step.kind == CleaningKind::drop_empty ? !is_blank(row_.text)
        : step.most_characters > 0
            ? count_characters(row_.text) + count_characters(row_.text_pair) <= step.most_characters
            : true)
      continue;
    drop(step.name, place);
    return true;
  }
  return false;
}

void DocumentReader::tokenize(const Place& place) {
  const bool pair = !recipe_.data.text_pair_column.empty();
  const bool cut =
      pair ? tokenizer_.encode_pair(row_.text, row_.text_pair, options_, *scratch_, ids_, types_)
           : tokenizer_.encode(row_.text, options_, *scratch_, ids_);
  if (ids_.empty()) return bad(place, "has no tokens");
  if (!token_bound_.empty() && std::int64_t(ids_.size()) > recipe_.max_length)
    return drop(token_bound_, place);
  const std::int32_t largest = *std::max_element(ids_.begin(), ids_.end());
  if (largest >= recipe_.vocab_size)
    throw BadInput(
        Problem{recipe_.tokenizer,
                "gives \"" + tokenizer_.token(largest) + "\" the id " + std::to_string(largest) +
                    ", as in " + where(place),
                "the model's vocabulary has only " + std::to_string(recipe_.vocab_size) + " rows",
                "Does the tokenizer belong to the model?"});
  cut_ += cut;
  take(place);
}

void DocumentReader::take(const Place& place) {
  Documents& d = documents_;
  const bool classes = recipe_.task == RowTask::classification;
  std::string text = comparison_key(row_.text), words = word_key(row_.text);
  if (!recipe_.data.text_pair_column.empty()) {
    text += '\x1F' + comparison_key(row_.text_pair);
    words += '\x1F' + word_key(row_.text_pair);
  }
  const int fixed = recipe_.files[place.file].split;
  d.split.push_back(std::uint8_t(
      fixed >= 0 ? fixed
                 : split_of_group(*recipe_.data.split, row_.group.empty() ? words : row_.group)));
  d.file.push_back(place.file);
  d.line.push_back(place.line);
  if (classes) {
    const auto [found, added] = d.label_index.try_emplace(row_.label, d.labels.size());
    if (added) {
      d.labels.push_back(row_.label);
      d.label_is_integer.push_back(true);
    }
    if (!row_.label_is_integer) d.label_is_integer[found->second] = false;
    d.label.push_back(found->second);
    d.words.push_back(words);
  } else {
    d.value.push_back(row_.value);
  }
  for (const std::int32_t id : ids_) d.tokens.push_back(std::uint32_t(id));
  d.lengths.push_back(std::uint32_t(ids_.size()));
  if (!recipe_.data.text_pair_column.empty())
    d.types.insert(d.types.end(), types_.begin(), types_.end());
  d.text_keys.push_back(text_key(text));
  d.word_keys.push_back(text_key(words));
  if (grouped_) d.group_keys.push_back(text_key(row_.group.empty() ? words : row_.group));
  if (!recipe_.data.id_column.empty()) d.ids.push_back(row_.id.empty() ? where(place) : row_.id);
}

void DocumentReader::read(const PartToRead& each, Progress& progress, std::int64_t ranks,
                          std::int64_t most) {
  const std::string& path = recipe_.files[std::size_t(each.part.file)].path;
  RowParser parser(recipe_.data, path, recipe_.task);
  RecordReader reader(path, each.part,
                      record_format(value_or_throw(find_row_format(recipe_.data, path))),
                      each.start, each.lines_before);
  while (reader.next()) {
    if (reader.position() <= parser.header_end()) continue;
    const Place place{std::uint32_t(each.part.file), reader.line()};
    ++done_;
    if (done_ % 256 == 0) progress.set(std::min(done_ * ranks, most));
    const auto result = parser.parse(reader.record(), row_);
    if (result == RowParser::Result::blank) continue;
    ++rows_;
    if (result == RowParser::Result::bad) {
      bad(place, parser.problem());
      continue;
    }
    rewrite(place);
    if (!drops_text(place)) tokenize(place);
  }
}

void DocumentReader::finish() {
  report_.count("rows", rows_);
  report_.count("cut", cut_);
  for (const Rewrite& each : rewrites_) report_.count(each.step.name + ": changed", each.changed);
}

}  // namespace

std::string place_of(const Recipe& recipe, std::uint32_t file, std::int64_t line) {
  return recipe.files[file].name + ":" + std::to_string(line);
}

std::string token_bound_step(const Recipe& recipe) {
  for (const CleaningStep& step : recipe.steps)
    if (step.kind == CleaningKind::drop_long && step.most_characters == 0) return step.name;
  return recipe.data.truncation == "drop" ? "truncation" : "";
}

Documents read_documents(const Group& world, const Recipe& recipe, const Tokenizer& tokenizer,
                         ProgressSink sink, PrepareReport& report) {
  const std::vector<std::int64_t> sizes = file_sizes(world, recipe);
  const std::vector<PartToRead> parts = plan_parts(world, recipe, sizes);
  std::int64_t lines = 0;
  for (const PartToRead& each : parts) lines += each.newlines;
  world.all_reduce_sum(&lines, 1, Dtype::i64);
  Progress progress("tokenize", lines, "rows", world.rank() == 0 ? sink : ProgressSink::silent);
  Documents documents;
  run_agreed(world, "read the data", [&] {
    const bool pair = !recipe.data.text_pair_column.empty();
    const std::int64_t specials = tokenizer.special_tokens_added(pair);
    if (recipe.max_length <= specials)
      throw BadInput(Problem{"data.max_length",
                             std::to_string(recipe.max_length) + " leaves no room for text",
                             std::to_string(specials) + " special tokens are added", ""});
    DocumentReader reader(recipe, tokenizer, report, documents);
    for (const PartToRead& each : parts) reader.read(each, progress, world.size(), lines);
    reader.finish();
    documents.dropped.assign(documents.size(), false);
  });
  progress.set(lines);
  return documents;
}

}  // namespace temper
