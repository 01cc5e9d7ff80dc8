// Files that are written whole or not at all.
//
//   write_file_atomically("runs/wn24/study.json", text);   // temporary beside it, fsync, rename,
//   fsync of the folder
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/problem.hpp"

namespace temper {

// The whole file. Problems: missing, a folder, unreadable; each with the system's words.
Checked<std::string> read_text_file(const std::filesystem::path& path);

// Replaces `path` by `content`; folders above are made. Throws WorldFailure (74); then the old file
// is untouched.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

// Gives the finished temporary its name: fsync of the file, rename, fsync of the folder. Throws
// WorldFailure.
void commit_file(const std::filesystem::path& temporary, const std::filesystem::path& path);

// A name beside `path` for its temporary; the process id is part of it.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

// Appends whole lines to a file with O_APPEND: lines of two processes never mix. Each line is one
// write call.
class LineAppender {
 public:
  // Creates the file and the folders above it. Throws WorldFailure.
  explicit LineAppender(const std::filesystem::path& path);
  ~LineAppender();
  LineAppender(const LineAppender&) = delete;
  LineAppender& operator=(const LineAppender&) = delete;
  // `line` without its newline. Throws WorldFailure.
  void append(std::string_view line);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace temper
