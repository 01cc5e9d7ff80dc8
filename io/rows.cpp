#include "io/rows.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/outcome.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

enum Column { text, text_pair, label, id, group, kColumns };
constexpr std::size_t kColumnCount = kColumns;

using ColumnNames = std::array<std::string, kColumnCount>;

ColumnNames names_of(const DataSpec& spec) {
  const std::string group_by = spec.split ? spec.split->group_by : "";
  return {spec.text_column, spec.text_pair_column, spec.label_column, spec.id_column,
          spec.group_column.empty() ? group_by : spec.group_column};
}

bool looks_like_integer(std::string_view word) {
  if (word.starts_with('-')) word.remove_prefix(1);
  return !word.empty() && word.size() <= 18 && (word.size() == 1 || word[0] != '0') &&
         std::all_of(word.begin(), word.end(), [](char c) { return '0' <= c && c <= '9'; });
}

bool parse_value(std::string_view word, double& value) {
  while (word.starts_with(' ')) word.remove_prefix(1);
  while (word.ends_with(' ')) word.remove_suffix(1);
  if (word.starts_with('+')) word.remove_prefix(1);
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == word.data() + word.size() &&
         std::isfinite(value);
}

std::string in_quotes(std::string_view word) { return "\"" + std::string(word) + "\""; }

}  // namespace

struct RowParser::State {
  ColumnNames names;
  RowTask task = RowTask::classification;
  RowFormat format = RowFormat::jsonl;
  std::int64_t header_end = 0;
  std::array<std::size_t, kColumnCount> positions{};  // in CSV
  std::vector<std::string> header, fields;
  simdjson::dom::parser json;
  std::string problem;

  bool bad(std::string what) {
    problem = std::move(what);
    return false;
  }
  bool wants(std::size_t column) const { return !names[column].empty(); }

  std::string* target(std::size_t column, Row& row) const {
    std::string* const targets[] = {&row.text, &row.text_pair, &row.label, &row.id, &row.group};
    return targets[column];
  }
  bool take_label_text(std::string_view word, bool integer, Row& row);
  bool take_json(std::size_t column, const simdjson::dom::element& value, Row& row);
  bool parse_json(std::string_view record, Row& row);
  bool parse_csv(std::string_view record, Row& row);
  void read_header(const std::string& file);
};

bool RowParser::State::take_label_text(std::string_view word, bool integer, Row& row) {
  if (task == RowTask::regression)
    return parse_value(word, row.value) ||
           bad(in_quotes(names[label]) + " is " + in_quotes(word.substr(0, 40)) +
               ", which is no number");
  if (word.empty()) return bad(in_quotes(names[label]) + " is empty");
  row.label = word;
  row.label_is_integer = integer;
  return true;
}

bool RowParser::State::take_json(std::size_t column, const simdjson::dom::element& value,
                                 Row& row) {
  using Type = simdjson::dom::element_type;
  char number[32];
  switch (value.type()) {
    case Type::STRING: {
      const std::string_view word = value.get_string().value_unsafe();
      if (word.find('\0') != std::string_view::npos)
        return bad(in_quotes(names[column]) + " holds the character U+0000");
      if (column == label) return take_label_text(word, false, row);
      target(column, row)->assign(word);
      return true;
    }
    case Type::INT64:
    case Type::UINT64: {
      const auto written =
          value.type() == Type::INT64
              ? std::to_chars(number, number + 32, value.get_int64().value_unsafe())
              : std::to_chars(number, number + 32, value.get_uint64().value_unsafe());
      const std::string_view word(number, std::size_t(written.ptr - number));
      if (column == label) return take_label_text(word, true, row);
      if (column == id || column == group) return target(column, row)->assign(word), true;
      break;
    }
    case Type::DOUBLE:
      if (column != label) break;
      row.value = value.get_double().value_unsafe();
      return task == RowTask::regression ||
             bad(in_quotes(names[label]) + " is a fraction; a class is a text or an integer");
    case Type::BOOL:
      if (column != label || task == RowTask::regression) break;
      return take_label_text(value.get_bool().value_unsafe() ? "true" : "false", false, row);
    default:
      break;
  }
  return bad(in_quotes(names[column]) + " is " +
             std::string(simdjson::minify(value)).substr(0, 40) +
             (column == label ? ", which is no label" : ", which is no text"));
}

bool RowParser::State::parse_json(std::string_view record, Row& row) {
  simdjson::dom::element document;
  if (const auto error = json.parse(record.data(), record.size(), false).get(document)) {
    if (const auto at = find_invalid_utf8(record))
      return bad("invalid UTF-8 at byte " + std::to_string(*at + 1) + " of the line");
    return bad(std::string("broken JSON (") + simdjson::error_message(error) + ")");
  }
  simdjson::dom::object object;
  if (document.get(object)) return bad("is no JSON object");
  std::array<bool, kColumnCount> seen{};
  for (const auto& [key, value] : object)
    for (std::size_t column = 0; column < kColumnCount; ++column) {
      if (names[column] != key || !wants(column)) continue;
      if (seen[column]) return bad("has " + in_quotes(key) + " twice");
      seen[column] = true;
      if (!take_json(column, value, row)) return false;
    }
  for (std::size_t column = 0; column < kColumnCount; ++column) {
    if (seen[column] || !wants(column)) continue;
    std::vector<std::string> keys;
    std::string all;
    for (const auto& [key, value] : object) {
      keys.emplace_back(key);
      if (keys.size() <= 8) all += (keys.size() > 1 ? ", " : "") + std::string(key);
    }
    const std::string hint = did_you_mean(names[column], keys);
    return bad("has no " + in_quotes(names[column]) + (all.empty() ? "" : " but " + all) +
               (hint.empty() ? "" : ". " + hint));
  }
  return true;
}

bool RowParser::State::parse_csv(std::string_view record, Row& row) {
  const std::string wrong = split_csv_record(record, format == RowFormat::csv ? ',' : '\t', fields);
  if (!wrong.empty()) return bad(wrong);
  if (fields.size() != header.size())
    return bad("has " + std::to_string(fields.size()) + " fields where the header has " +
               std::to_string(header.size()));
  for (std::size_t column = 0; column < kColumnCount; ++column) {
    if (!wants(column)) continue;
    std::string& field = fields[positions[column]];
    if (column == label) {
      if (!take_label_text(field, looks_like_integer(field), row)) return false;
    } else {
      std::swap(*target(column, row), field);
    }
  }
  return true;
}

void RowParser::State::read_header(const std::string& file) {
  RecordReader reader(file, {0, 0, std::int64_t(std::filesystem::file_size(file))},
                      record_format(format), RecordState::record_start, 0);
  if (!reader.next()) return;
  const std::string wrong =
      split_csv_record(reader.record(), format == RowFormat::csv ? ',' : '\t', header);
  if (!wrong.empty()) throw BadInput(Problem{file + ":1", "bad header: " + wrong, "", ""});
  header_end = reader.position();
  Problems problems;
  for (std::size_t column = 0; column < kColumnCount; ++column) {
    if (!wants(column)) continue;
    const auto found = std::find(header.begin(), header.end(), names[column]);
    positions[column] = std::size_t(found - header.begin());
    if (std::count(header.begin(), header.end(), names[column]) > 1)
      problems.push_back(
          {file + ":1", "has the column " + in_quotes(names[column]) + " twice", "", ""});
    if (found != header.end()) continue;
    std::string all;
    for (std::size_t i = 0; i < std::min<std::size_t>(header.size(), 12); ++i)
      all += (i > 0 ? ", " : "") + header[i].substr(0, 40);
    problems.push_back({file + ":1", "has no column " + in_quotes(names[column]) + " but " + all,
                        "the first line names the columns", did_you_mean(names[column], header)});
  }
  if (!problems.empty()) throw BadInput(problems);
}

Checked<RowFormat> find_row_format(const DataSpec& spec, const std::string& file) {
  static const std::vector<std::pair<std::string, RowFormat>> formats{
      {"jsonl", RowFormat::jsonl}, {"ndjson", RowFormat::jsonl}, {"csv", RowFormat::csv},
      {"tsv", RowFormat::tsv},     {"txt", RowFormat::text},     {"text", RowFormat::text}};
  std::string ending = spec.format;
  if (ending.empty()) ending = std::filesystem::path(file).extension().string();
  if (ending.starts_with('.')) ending.erase(0, 1);
  for (const auto& [name, format] : formats)
    if (name == ending) return format;
  if (spec.format.empty())
    return Problem{file, "has an ending that names no format", "",
                   "Set data.format to jsonl, csv, tsv or txt."};
  std::vector<std::string> names;
  for (const auto& [name, format] : formats) names.push_back(name);
  std::string hint = did_you_mean(ending, names);
  return Problem{"data.format", in_quotes(ending) + " is no format", "",
                 hint.empty() ? "Use jsonl, csv, tsv or txt." : hint};
}

RecordFormat record_format(RowFormat format) {
  return format == RowFormat::csv   ? RecordFormat::csv
         : format == RowFormat::tsv ? RecordFormat::tsv
                                    : RecordFormat::lines;
}

RowParser::RowParser(const DataSpec& spec, const std::string& file, RowTask task)
    : state_(std::make_unique<State>()) {
  state_->names = names_of(spec);
  state_->task = task;
  state_->format = value_or_throw(find_row_format(spec, file));
  if (state_->format == RowFormat::csv || state_->format == RowFormat::tsv)
    state_->read_header(file);
  if (state_->format == RowFormat::text && state_->wants(label))
    throw BadInput(
        Problem{file, "is plain text and has no labels", "each line is a document and nothing else",
                "Use JSONL, CSV or TSV with a column " + in_quotes(spec.label_column) + "?"});
}

RowParser::~RowParser() = default;

std::int64_t RowParser::header_end() const { return state_->header_end; }
const std::string& RowParser::problem() const { return state_->problem; }

RowParser::Result RowParser::parse(std::string_view record, Row& row) {
  row.text.clear();
  row.text_pair.clear();
  row.label.clear();
  row.label_is_integer = false;
  row.value = 0;
  row.id.clear();
  row.group.clear();
  const bool json = state_->format == RowFormat::jsonl;
  if (state_->format != RowFormat::text &&
      std::all_of(record.begin(), record.end(),
                  [](char c) { return c == ' ' || c == '\t' || c == '\r'; }) &&
      (json || record.empty()))
    return Result::blank;
  if (json) return state_->parse_json(record, row) ? Result::row : Result::bad;
  if (!simdjson::validate_utf8(record.data(), record.size())) {
    state_->problem =
        "invalid UTF-8 at byte " + std::to_string(find_invalid_utf8(record).value_or(0) + 1);
    return Result::bad;
  }
  if (std::memchr(record.data(), '\0', record.size()) != nullptr) {
    state_->problem = "holds the character U+0000";
    return Result::bad;
  }
  if (state_->format == RowFormat::text) {
    row.text = record;
    return Result::row;
  }
  return state_->parse_csv(record, row) ? Result::row : Result::bad;
}

}  // namespace temper
