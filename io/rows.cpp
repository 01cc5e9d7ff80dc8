#include "io/rows.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <utility>

#include "core/outcome.hpp"
#include "io/rows/columns.hpp"
#include "io/rows/row_builder.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

std::string in_quotes(std::string_view word) { return "\"" + std::string(word) + "\""; }

}  // namespace

struct RowParser::State {
  std::vector<WantedColumn> wanted;
  RowFormat format = RowFormat::jsonl;
  std::int64_t header_end = 0;
  std::vector<std::size_t> positions;  // in CSV, of each wanted column
  std::vector<std::string> header, fields;
  std::vector<simdjson::dom::element> values;  // of a JSON row, by wanted column
  std::vector<bool> seen;
  simdjson::dom::parser json;
  std::string problem;
  std::unique_ptr<RowBuilder> builder;

  bool bad(std::string what) {
    problem = std::move(what);
    return false;
  }
  bool missing(const WantedColumn& column, const simdjson::dom::object& object);
  bool parse_json(std::string_view record, Row& row);
  bool parse_csv(std::string_view record, Row& row);
  void read_header(const std::string& file);
};

bool RowParser::State::missing(const WantedColumn& column, const simdjson::dom::object& object) {
  std::vector<std::string> keys;
  std::string all;
  for (const auto& [key, value] : object) {
    keys.emplace_back(key);
    if (keys.size() <= 8) all += (keys.size() > 1 ? ", " : "") + std::string(key);
  }
  const std::string hint = did_you_mean(column.name, keys);
  return bad("has no " + in_quotes(column.name) + (all.empty() ? "" : " but " + all) +
             (hint.empty() ? "" : ". " + hint));
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
  seen.assign(wanted.size(), false);
  values.resize(wanted.size());
  for (const auto& [key, value] : object)
    for (std::size_t c = 0; c < wanted.size(); ++c) {
      if (wanted[c].name != key) continue;
      if (seen[c]) return bad("has " + in_quotes(key) + " twice");
      seen[c] = true;
      values[c] = value;
    }
  for (std::size_t c = 0; c < wanted.size(); ++c) {
    if (!seen[c] && wanted[c].required) return missing(wanted[c], object);
    if (!seen[c]) continue;
    if (std::string wrong = builder->take(wanted[c], values[c], row); !wrong.empty())
      return bad(std::move(wrong));
  }
  std::string fault = builder->finish(row);
  return fault.empty() || bad(std::move(fault));
}

bool RowParser::State::parse_csv(std::string_view record, Row& row) {
  const std::string wrong = split_csv_record(record, format == RowFormat::csv ? ',' : '\t', fields);
  if (!wrong.empty()) return bad(wrong);
  if (fields.size() != header.size())
    return bad("has " + std::to_string(fields.size()) + " fields where the header has " +
               std::to_string(header.size()));
  for (std::size_t c = 0; c < wanted.size(); ++c) {
    if (positions[c] == header.size()) continue;
    std::string fault = builder->take_field(wanted[c], fields[positions[c]], row);
    if (!fault.empty()) return bad(std::move(fault));
  }
  std::string fault = builder->finish(row);
  return fault.empty() || bad(std::move(fault));
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
  for (const WantedColumn& column : wanted) {
    const auto found = std::find(header.begin(), header.end(), column.name);
    positions.push_back(std::size_t(found - header.begin()));
    if (std::count(header.begin(), header.end(), column.name) > 1)
      problems.push_back(
          {file + ":1", "has the column " + in_quotes(column.name) + " twice", "", ""});
    if (is_list(column.role) && (column.required || found != header.end()))
      problems.push_back({file + ":1", in_quotes(column.name) + " is a list",
                          "a field of CSV is a text", "Use JSONL."});
    if (found != header.end() || !column.required) continue;
    std::string all;
    for (std::size_t i = 0; i < std::min<std::size_t>(header.size(), 12); ++i)
      all += (i > 0 ? ", " : "") + header[i].substr(0, 40);
    problems.push_back({file + ":1", "has no column " + in_quotes(column.name) + " but " + all,
                        "the first line names the columns", did_you_mean(column.name, header)});
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

RowForm row_form(const DataSpec& spec, RowTask task) {
  static const std::map<std::string, RowForm> forms{
      {"messages", RowForm::messages},
      {"prompt-completion", RowForm::prompt_completion},
      {"alpaca", RowForm::alpaca},
      {"sharegpt", RowForm::sharegpt}};
  if (task == RowTask::token_classes) return RowForm::words;
  const auto found = forms.find(spec.row_format);
  return task != RowTask::language || found == forms.end() ? RowForm::text : found->second;
}

RowParser::RowParser(const DataSpec& spec, const std::string& file, RowTask task)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  const RowForm form = row_form(spec, task);
  s.builder = std::make_unique<RowBuilder>(form, task);
  s.wanted = wanted_columns(spec, form, task);
  s.format = value_or_throw(find_row_format(spec, file));
  if (s.format == RowFormat::csv || s.format == RowFormat::tsv) s.read_header(file);
  if (s.format != RowFormat::text || s.wanted.size() == 1) return;
  const auto missing = std::find_if(s.wanted.begin(), s.wanted.end(), [](const WantedColumn& c) {
    return c.role == ColumnRole::label || c.role == ColumnRole::tags;
  });
  const WantedColumn& wanted = missing == s.wanted.end() ? s.wanted.back() : *missing;
  throw BadInput(Problem{
      file,
      std::string("is plain text and has no ") + (missing == s.wanted.end() ? "columns" : "labels"),
      "each line is a document and nothing else",
      "Use JSONL, CSV or TSV with a column " + in_quotes(wanted.name) + "?"});
}

RowParser::~RowParser() = default;

std::int64_t RowParser::header_end() const { return state_->header_end; }
const std::string& RowParser::problem() const { return state_->problem; }

RowParser::Result RowParser::parse(std::string_view record, Row& row) {
  row = {};
  state_->builder->begin();
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
