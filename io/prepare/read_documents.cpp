#include "io/prepare/read_documents.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "core/outcome.hpp"
#include "io/prepare/encode/row_encoder.hpp"
#include "io/prepare/row_texts.hpp"
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
        encoder_(recipe, tokenizer),
        token_bound_(token_bound_step(recipe)),
        form_(row_form(recipe.data, recipe.task)),
        grouped_(!recipe.data.group_column.empty() ||
                 (recipe.data.split && !recipe.data.split->group_by.empty())) {
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
  void take_piece(const EncodedDocument& document, std::size_t piece);
  void take_targets(const EncodedDocument& document);
  void bad(const Place& place, const std::string& what) {
    report_.bad_row({recipe_.files[place.file].name, place.line, what});
  }
  std::string where(const Place& place) const { return place_of(recipe_, place.file, place.line); }
  void drop(const std::string& step, const Place& place) {
    report_.count(step + ": dropped");
    report_.sample(step, where(place), text_of(row_), "");
  }

  const Recipe& recipe_;
  const Tokenizer& tokenizer_;
  PrepareReport& report_;
  Documents& documents_;
  RowEncoder encoder_;
  std::string token_bound_;
  RowForm form_;
  bool grouped_;
  std::vector<Rewrite> rewrites_;
  std::int64_t rows_ = 0, cut_ = 0, learned_cut_ = 0, straddling_ = 0, done_ = 0;
  Row row_;
  std::string before_;
  EncodedRow encoded_;
};

void DocumentReader::rewrite(const Place& place) {
  for (Rewrite& each : rewrites_) {
    bool changed = false;
    std::string* first = nullptr;
    for (std::string* text : texts_of(row_)) {
      if (!changed) before_ = *text;
      if (!apply_cleaning(each.step.kind, *text)) continue;
      if (!changed) first = text;
      changed = true;
    }
    if (!changed) continue;
    if (each.changed++ < std::int64_t(PrepareReport::kMostSamples))
      report_.sample(each.step.name, where(place), before_, *first);
  }
}

bool DocumentReader::drops_text(const Place& place) {
  for (const CleaningStep& step : recipe_.steps) {
    if (step.kind == CleaningKind::drop_empty ? !is_empty(row_, form_)
        : step.most_characters > 0            ? characters_of(row_) <= step.most_characters
                                              : true)
      continue;
    drop(step.name, place);
    return true;
  }
  return false;
}

void DocumentReader::tokenize(const Place& place) {
  const std::string wrong = encoder_.encode(row_, encoded_);
  if (!wrong.empty()) return bad(place, wrong);
  if (!token_bound_.empty() && encoded_.tokens > recipe_.max_length)
    return drop(token_bound_, place);
  for (const EncodedDocument& document : encoded_.documents)
    if (const std::int32_t largest = *std::max_element(document.ids.begin(), document.ids.end());
        largest >= recipe_.vocab_size)
      throw BadInput(
          Problem{recipe_.tokenizer,
                  "gives \"" + tokenizer_.token(largest) + "\" the id " + std::to_string(largest) +
                      ", as in " + where(place),
                  "the model's vocabulary has only " + std::to_string(recipe_.vocab_size) + " rows",
                  "Does the tokenizer belong to the model?"});
  cut_ += encoded_.cut;
  learned_cut_ += encoded_.learned_cut;
  straddling_ += encoded_.straddling;
  take(place);
}

// Pieces of a row stay in one split; as duplicates they are compared piece by piece.
void DocumentReader::take(const Place& place) {
  Documents& d = documents_;
  const std::string text = comparison_text(row_), words = word_text(row_);
  const std::string& group = row_.group.empty() ? words : row_.group;
  const int fixed = recipe_.files[place.file].split;
  const int split = fixed >= 0 ? fixed : split_of_group(*recipe_.data.split, group);
  for (std::size_t piece = 0; piece < encoded_.documents.size(); ++piece) {
    const std::string suffix = piece == 0 ? "" : "\x1F#" + std::to_string(piece);
    d.split.push_back(std::uint8_t(split));
    d.file.push_back(place.file);
    d.line.push_back(place.line);
    d.text_keys.push_back(text_key(text + suffix));
    d.word_keys.push_back(text_key(words + suffix));
    if (grouped_) d.group_keys.push_back(text_key(group));
    if (!recipe_.data.id_column.empty()) d.ids.push_back(row_.id.empty() ? where(place) : row_.id);
    if (recipe_.task == RowTask::classification) d.words.push_back(words);
    take_piece(encoded_.documents[piece], piece);
  }
}

void DocumentReader::take_piece(const EncodedDocument& document, std::size_t piece) {
  Documents& d = documents_;
  for (const std::int32_t id : document.ids) d.tokens.push_back(std::uint32_t(id));
  d.lengths.push_back(std::uint32_t(document.ids.size()));
  d.types.insert(d.types.end(), document.types.begin(), document.types.end());
  switch (recipe_.task) {
    case RowTask::classification:
      d.label.push_back(d.label_number(row_.label, row_.label_is_integer));
      break;
    case RowTask::regression:
      d.value.push_back(row_.value);
      break;
    case RowTask::language:
      d.piece.push_back(std::uint32_t(piece));
      d.marks.insert(d.marks.end(), document.marks.begin(), document.marks.end());
      d.trained_bytes.push_back(std::uint32_t(document.trained_bytes));
      break;
    case RowTask::token_classes:
      take_targets(document);
  }
}

void DocumentReader::take_targets(const EncodedDocument& document) {
  Documents& d = documents_;
  for (const std::int32_t word : document.tags)
    d.token_labels.push_back(word < 0 ? -1
                                      : std::int32_t(d.label_number(row_.tags[std::size_t(word)],
                                                                    row_.tags_are_integers)));
  std::string all;
  for (const std::string& tag : row_.tags) all += tag + '\x1F';
  d.tag_keys.push_back(text_key(all));
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
  report_.count("learned tokens cut", learned_cut_);
  report_.count("straddling tokens", straddling_);
  for (const Rewrite& each : rewrites_) report_.count(each.step.name + ": changed", each.changed);
}

}  // namespace

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
    DocumentReader reader(recipe, tokenizer, report, documents);
    for (const PartToRead& each : parts) reader.read(each, progress, world.size(), lines);
    reader.finish();
    documents.dropped.assign(documents.size(), false);
  });
  progress.set(lines);
  return documents;
}

}  // namespace temper
