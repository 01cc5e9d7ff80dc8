// The journal of a study: one JSON object a line, appended and synced, never changed. Each line
// ends in a length and a CRC-32C of what stands before them, 35 bytes of fixed width, so that a
// line torn by a crash or a full disk is known as such:
//
//   {"seq":17,"time":"2026-11-24T21:50:03Z","event":"trial_begins",...,"len":"00000119",
//    "crc":"c97ce696"}                                        (one line in the file)
//
//   Journal journal(folder.journal());
//   journal.append("trial_begins", {{"trial", id}});
//   for (const Json& event : journal.events()) ...
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace temper {

// The line of an event, without its newline.
std::string journal_line(const Json& event);

struct JournalText {
  std::vector<Json> events;
  std::size_t whole_bytes = 0;  // up to the end of the last good line
  std::size_t torn_bytes = 0;   // of a bad last line
};
// A bad last line is torn and left out. Throws WorldFailure (74) when a bad line is followed by a
// good one: then the file was damaged, not cut.
JournalText parse_journal(std::string_view text, const std::filesystem::path& path);
// The events of a file, or none when there is no file. Throws WorldFailure.
JournalText read_journal(const std::filesystem::path& path);

// The writing end; one process at a time (StudyLock).
class Journal {
 public:
  // Opens or makes the file and cuts off a torn last line. Throws WorldFailure.
  explicit Journal(const std::filesystem::path& path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const std::vector<Json>& events() const { return events_; }
  std::size_t torn_bytes() const { return torn_bytes_; }
  // Returns when the line is on the disk. Throws WorldFailure.
  void append(const std::string& event, const Json& fields = Json::object());

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::vector<Json> events_;
  std::size_t torn_bytes_ = 0;
};

}  // namespace temper
