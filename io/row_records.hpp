// Records of text files, cut out by byte parts: every rank reads its share, every record belongs to
// exactly the part that holds its first byte, and line numbers count from the top of the file.
//
// JSONL and plain text end a record at a newline. In CSV a quoted field may hold newlines, so where
// a record ends depends on all bytes before. That is a state machine of five states; a part is
// scanned once from all of them, which gives its function from state to state, and the functions of
// the parts before compose to the state in which a part begins:
//
//   const FileScan mine = scan_records(file, part.begin, part.end, RecordFormat::csv);
//   start = mine.then(start)                        // for the parts before, in order
//   RecordReader reader(file, part, RecordFormat::csv, start, lines_before);
//   while (reader.next()) use(reader.record(), reader.line());
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace temper {

enum class RecordFormat { lines, csv, tsv };

// Bytes [begin, end) of file `file` of a list.
struct FilePart {
  int file = 0;
  std::int64_t begin = 0, end = 0;
  bool operator==(const FilePart&) const = default;
};

// The share of `part` of `parts` when files of these sizes lie end to end and are cut evenly. Files
// and bytes are in order; no part is empty.
std::vector<FilePart> split_files(const std::vector<std::int64_t>& sizes, int part, int parts);

// As Python's csv reader sees it: a quote opens a field at its begin only, and doubled stands for
// itself inside.
enum class RecordState : std::uint8_t { record_start, field_start, plain, quoted, quote_in_quoted };
RecordState next_state(RecordState state, char byte, RecordFormat format);

// What a part of a file does: newlines in it, and the state behind it for every state before it.
struct FileScan {
  std::int64_t newlines = 0;
  std::array<RecordState, 5> end{RecordState::record_start, RecordState::field_start,
                                 RecordState::plain, RecordState::quoted,
                                 RecordState::quote_in_quoted};
  RecordState then(RecordState start) const { return end[std::size_t(start)]; }
};
// Local. Throws WorldFailure.
FileScan scan_records(const std::filesystem::path& file, std::int64_t begin, std::int64_t end,
                      RecordFormat format);

// The records whose first byte lies in [part.begin, part.end); reads on behind the part to the end
// of the last. `start` is the state at part.begin, `lines_before` the newlines before it.
class RecordReader {
 public:
  RecordReader(const std::filesystem::path& file, const FilePart& part, RecordFormat format,
               RecordState start, std::int64_t lines_before);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  // False behind the last record. Throws WorldFailure (unreadable), BadInput (a record above 1 GiB;
  // UTF-16).
  bool next();
  // Without its line end (LF or CR LF) and without a byte order mark; valid until next().
  // record().end() is followed by at least 64 readable bytes.
  std::string_view record() const { return record_; }
  std::int64_t line() const { return record_line_; }       // 1-based line of its first byte
  std::int64_t position() const { return position_; }      // byte behind it
  bool ends_in_quotes() const { return ends_in_quotes_; }  // the file ends inside a quoted field

 private:
  bool fill();
  bool find_end(std::size_t& end);

  std::string path_;
  int descriptor_ = -1;
  RecordFormat format_;
  std::int64_t end_ = 0, file_offset_ = 0;  // of the buffer's end
  std::int64_t position_ = 0, line_ = 1, record_line_ = 1;
  std::string buffer_;  // with 64 zeros behind `filled_`
  std::size_t filled_ = 0, at_ = 0;
  std::string_view record_;
  bool end_of_file_ = false, ends_in_quotes_ = false;
  bool inside_ = false;  // the part begins inside a record of the part before
  RecordState state_;
};

// The fields of one CSV record; `fields` is reused. Returns what is wrong, or "".
std::string split_csv_record(std::string_view record, char delimiter,
                             std::vector<std::string>& fields);

}  // namespace temper
