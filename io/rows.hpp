// Rows of users' files: JSONL, CSV, TSV and plain text in, typed rows out; problems named by file
// and line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/extent.hpp"
#include "core/problem.hpp"
#include "plan/run_spec.hpp"

namespace temper {

// One example as read, before tokenization.
struct Row {
  std::string text, text_pair;
  std::string label;  // as written: "noun.act", "3", "0.25"; "" when the file has none
  bool label_is_integer = false;
  std::string id, group;  // "" when the manifest names no such column
  std::int64_t line = 0;  // 1-based line (or record) in its file
  int file = 0;           // index of its file
};

struct BadRow {
  std::string file;
  std::int64_t line = 0;
  std::string what;
};

struct RowFile {
  std::vector<Row> rows;
  std::vector<BadRow>
      bad;  // rows that could not be read: broken JSON, missing column, invalid UTF-8
};

// Reads the rows of `files` (one split) that begin in part `part` of `parts` of the bytes of each
// file; every row is read by exactly one part. `line` is set relative to the part: add the line
// counts of the parts before (`lines` of the others). JSON escapes of unpaired surrogates, invalid
// UTF-8 and NUL bytes make a bad row. A missing file is a Problem.
struct RowPart {
  RowFile rows;
  std::vector<std::int64_t> lines;  // lines (records) of each file that begin in this part
};
Checked<RowPart> read_rows(const std::vector<std::string>& files, const DataSpec& spec, int part,
                           int parts);

}  // namespace temper
