// Rows of users' files: JSONL, CSV, TSV and plain text in, typed rows out; problems named by file
// and line.
//
//   const RowFormat format = value_or_throw(find_row_format(spec, file));
//   RowParser parser(spec, file, RowTask::classification);    // reads a CSV header
//   Row row;
//   if (parser.parse(record, line, row)) use(row); else say(parser.problem());
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "core/problem.hpp"
#include "io/row_records.hpp"
#include "plan/run_spec.hpp"

namespace temper {

// One example as read, before cleaning and tokenization.
struct Row {
  std::string text, text_pair;           // of prompt-completion rows: prompt and completion
  Json messages = Json::array();         // of a conversation: {"role", "content", ...}
  std::size_t given_messages = 0;        // the first ones, that are a prompt's
  Json tools;                            // that the conversation may call; null: none
  std::vector<std::string> words, tags;  // of token classification: a tag for each word
  bool tags_are_integers = false;
  std::string label;              // of a classification, as written: "noun.act", "3"
  bool label_is_integer = false;  // a JSON integer, or in CSV what looks like one
  double value = 0;               // of a regression
  std::string id, group;          // "" when the manifest names no such column
};

struct BadRow {
  std::string file;
  std::int64_t line = 0;
  std::string what;
};

enum class RowTask { classification, regression, language, token_classes };
enum class RowFormat { jsonl, csv, tsv, text };
enum class RowForm { text, words, messages, prompt_completion, alpaca, sharegpt };

// By data.row_format (empty: text) and the task.
RowForm row_form(const DataSpec& spec, RowTask task);

// data.format, or by the ending of `file`. The Problem names the file.
Checked<RowFormat> find_row_format(const DataSpec& spec, const std::string& file);
RecordFormat record_format(RowFormat format);

// Rows of one file. JSON is checked whole: escapes of unpaired surrogates, invalid UTF-8, NUL and a
// column named twice make a bad row, as do a missing column, an empty label, a text that is none.
class RowParser {
 public:
  // Reads the header of CSV and TSV. Throws BadInput (no such column, with the nearest; a label
  // asked of plain text; an unknown format) and WorldFailure.
  RowParser(const DataSpec& spec, const std::string& file, RowTask task);
  ~RowParser();
  // The first byte behind the header: records before it are no rows.
  std::int64_t header_end() const;

  enum class Result { row, blank, bad };
  // `record` is followed by at least 64 readable bytes. `row` is overwritten.
  Result parse(std::string_view record, Row& row);
  // What was wrong when the last result was bad.
  const std::string& problem() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace temper
