#include "io/row_records.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/contract.hpp"
#include "core/outcome.hpp"
#include "core/problem.hpp"

namespace temper {

namespace {

constexpr std::size_t kReadBytes = 4 << 20, kPaddingBytes = 64;
constexpr std::size_t kMostRecordBytes = std::size_t{1} << 30;

int open_for_reading(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw io_failure("cannot open", path, errno);
  return descriptor;
}

// Up to `size` bytes; fewer at the end of the file only.
std::size_t read_at(int descriptor, const std::string& path, char* out, std::size_t size,
                    std::int64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor, out + done, size - done, offset + std::int64_t(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw io_failure("cannot read", path, errno);
    if (got == 0) break;
    done += std::size_t(got);
  }
  return done;
}

// Bytes of a UTF-8 byte order mark at the top of the file; no part of any record.
std::int64_t mark_bytes(int descriptor, const std::string& path) {
  char top[3] = {};
  const std::size_t got = read_at(descriptor, path, top, sizeof top, 0);
  if (got >= 2 && (!std::memcmp(top, "\xFF\xFE", 2) || !std::memcmp(top, "\xFE\xFF", 2)))
    throw BadInput(Problem{path, "is UTF-16", "files are read as UTF-8",
                           "Convert it: iconv -f UTF-16 -t UTF-8?"});
  return got == 3 && !std::memcmp(top, "\xEF\xBB\xBF", 3) ? 3 : 0;
}

// One table for each format: kTables.at(state, byte).
struct StateTable {
  std::array<std::array<RecordState, 256>, 5> next{};
  explicit StateTable(RecordFormat format) {
    for (int state = 0; state < 5; ++state)
      for (int byte = 0; byte < 256; ++byte)
        next[std::size_t(state)][std::size_t(byte)] =
            next_state(RecordState(state), char(byte), format);
  }
};

const StateTable& table_of(RecordFormat format) {
  static const StateTable lines(RecordFormat::lines), csv(RecordFormat::csv),
      tsv(RecordFormat::tsv);
  return format == RecordFormat::csv ? csv : format == RecordFormat::tsv ? tsv : lines;
}

// Runs the machine from every state that still differs from the others.
void scan_states(const StateTable& table, const char* bytes, std::size_t size, FileScan& scan) {
  std::array<RecordState, 5> distinct{};
  std::array<std::size_t, 5> which{};
  std::size_t count = 0;
  for (std::size_t s = 0; s < 5; ++s) {
    const auto* found = std::find(distinct.data(), distinct.data() + count, scan.end[s]) -
                        distinct.data() + distinct.data();
    which[s] = std::size_t(found - distinct.data());
    if (which[s] == count) distinct[count++] = scan.end[s];
  }
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t d = 0; d < count; ++d)
      distinct[d] = table.next[std::size_t(distinct[d])][std::uint8_t(bytes[i])];
  for (std::size_t s = 0; s < 5; ++s) scan.end[s] = distinct[which[s]];
}

}  // namespace

std::vector<FilePart> split_files(const std::vector<std::int64_t>& sizes, int part, int parts) {
  expects(0 <= part && part < parts, "part ", part, " of ", parts);
  std::int64_t total = 0;
  for (const std::int64_t size : sizes) total += size;
  const auto border = [&](int p) { return std::int64_t(static_cast<__int128>(total) * p / parts); };
  const std::int64_t begin = border(part), end = border(part + 1);
  std::vector<FilePart> share;
  std::int64_t at = 0;
  for (std::size_t f = 0; f < sizes.size(); at += sizes[f++]) {
    const std::int64_t from = std::max(begin, at), to = std::min(end, at + sizes[f]);
    if (from < to) share.push_back({int(f), from - at, to - at});
  }
  return share;
}

RecordState next_state(RecordState state, char byte, RecordFormat format) {
  using enum RecordState;
  if (format == RecordFormat::lines) return byte == '\n' ? record_start : plain;
  const char delimiter = format == RecordFormat::csv ? ',' : '\t';
  if (state == quoted) return byte == '"' ? quote_in_quoted : quoted;
  if (byte == '\n') return record_start;
  if (byte == delimiter) return field_start;
  if (byte == '"' && state != plain) return quoted;
  return plain;
}

FileScan scan_records(const std::filesystem::path& file, std::int64_t begin, std::int64_t end,
                      RecordFormat format) {
  const std::string path = file.string();
  const int descriptor = open_for_reading(path);
  FileScan scan;
  const StateTable& table = table_of(format);
  std::string buffer(std::size_t(std::min<std::int64_t>(end - begin, kReadBytes)), '\0');
  try {
    for (std::int64_t at = std::max(begin, mark_bytes(descriptor, path)); at < end;) {
      const std::size_t want = std::size_t(std::min<std::int64_t>(end - at, buffer.size()));
      const std::size_t got = read_at(descriptor, path, buffer.data(), want, at);
      if (got < want)
        throw WorldFailure(Outcome::io_error, path + " became shorter while it was read");
      scan.newlines += std::count(buffer.data(), buffer.data() + got, '\n');
      // The state behind a line is a function of its last byte alone.
      const std::size_t from = format == RecordFormat::lines ? got - 1 : 0;
      scan_states(table, buffer.data() + from, got - from, scan);
      at += std::int64_t(got);
    }
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  ::close(descriptor);
  return scan;
}

RecordReader::RecordReader(const std::filesystem::path& file, const FilePart& part,
                           RecordFormat format, RecordState start, std::int64_t lines_before)
    : path_(file.string()),
      descriptor_(open_for_reading(path_)),
      format_(format),
      end_(part.end),
      file_offset_(part.begin),
      position_(part.begin),
      line_(lines_before + 1),
      inside_(part.begin > 0 && start != RecordState::record_start),
      state_(part.begin == 0 ? RecordState::record_start : start) {
  try {
    position_ = file_offset_ = std::max(part.begin, mark_bytes(descriptor_, path_));
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

RecordReader::~RecordReader() { ::close(descriptor_); }

bool RecordReader::fill() {
  if (end_of_file_) return false;
  buffer_.erase(0, at_);
  filled_ -= at_;
  at_ = 0;
  if (filled_ > kMostRecordBytes)
    throw BadInput(Problem{path_ + ":" + std::to_string(line_), "a record of more than 1 GiB", "",
                           "Is a closing quote missing?"});
  buffer_.resize(filled_ + kReadBytes + kPaddingBytes);
  const std::size_t got =
      read_at(descriptor_, path_, buffer_.data() + filled_, kReadBytes, file_offset_);
  end_of_file_ = got < kReadBytes;
  file_offset_ += std::int64_t(got);
  filled_ += got;
  std::memset(buffer_.data() + filled_, 0, kPaddingBytes);
  return got > 0;
}

// Sets `end` to the newline that ends the record at at_, or to the end of the file; false when
// nothing is left.
bool RecordReader::find_end(std::size_t& end) {
  const StateTable& table = table_of(format_);
  for (std::size_t looked = 0;;) {  // counted from at_, which moves when the buffer is filled
    const char* begin = buffer_.data() + at_;
    const std::size_t ahead = filled_ - at_;
    if (format_ == RecordFormat::lines) {
      const void* found =
          ahead > looked ? std::memchr(begin + looked, '\n', ahead - looked) : nullptr;
      if (found != nullptr) {
        end = at_ + std::size_t(static_cast<const char*>(found) - begin);
        return true;
      }
      looked = ahead;
    } else {
      for (; looked < ahead; ++looked) {
        state_ = table.next[std::size_t(state_)][std::uint8_t(begin[looked])];
        if (state_ != RecordState::record_start) continue;
        end = at_ + looked;
        return true;
      }
    }
    if (fill()) continue;
    end = filled_;
    ends_in_quotes_ = state_ == RecordState::quoted;
    return filled_ > at_;
  }
}

bool RecordReader::next() {
  for (;;) {
    if (!inside_ && position_ >= end_) return false;
    std::size_t end = 0;
    if (!find_end(end)) return false;
    record_line_ = line_;
    record_ = std::string_view(buffer_).substr(at_, end - at_);
    const bool newline = end < filled_;
    position_ += std::int64_t(end - at_) + newline;
    line_ += newline + std::count(record_.begin(), record_.end(), '\n');
    at_ = end + newline;
    state_ = RecordState::record_start;
    const bool whole = !inside_;
    inside_ = false;
    if (!whole) continue;
    if (record_.ends_with('\r')) record_.remove_suffix(1);
    return true;
  }
}

std::string split_csv_record(std::string_view record, char delimiter,
                             std::vector<std::string>& fields) {
  std::size_t count = 0;
  const auto next_field = [&]() -> std::string& {
    if (count == fields.size()) fields.emplace_back();
    fields[count].clear();
    return fields[count++];
  };
  std::string problem;
  for (std::size_t at = 0;; ++at) {
    std::string& field = next_field();
    if (at < record.size() && record[at] == '"') {
      for (++at;; at += 2) {
        const std::size_t quote = record.find('"', at);
        field.append(record, at, quote == std::string_view::npos ? quote : quote - at);
        if (quote == std::string_view::npos) {
          fields.resize(count);
          return "a quoted field is not closed";
        }
        at = quote;
        if (at + 1 >= record.size() || record[at + 1] != '"') break;
        field += '"';
      }
      ++at;
      if (at < record.size() && record[at] != delimiter)
        problem = "there is text behind a closing quote";
    }
    const std::size_t stop = std::min(record.find(delimiter, at), record.size());
    field.append(record, at, stop - at);
    at = stop;
    if (at >= record.size()) break;
  }
  fields.resize(count);
  return problem;
}

}  // namespace temper
