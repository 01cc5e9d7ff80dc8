#include "jobscripts/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/digest.hpp"
#include "core/file.hpp"
#include "core/outcome.hpp"
#include "jobscripts/host.hpp"

namespace temper {

namespace {

constexpr std::size_t kSealBytes = 35;  // `,"len":"00000119","crc":"c97ce696"}`

std::string seal_of(std::string_view body) {
  char seal[64];
  std::snprintf(seal, sizeof seal, ",\"len\":\"%08zu\",\"crc\":\"%08x\"}", body.size(),
                unsigned(crc32c(body.data(), body.size())));
  return seal;
}

// The event of a whole, unharmed line; null otherwise.
Json event_of(std::string_view line) {
  if (line.size() <= kSealBytes) return nullptr;
  const std::string_view body = line.substr(0, line.size() - kSealBytes);
  if (line.substr(body.size()) != seal_of(body)) return nullptr;
  Json event = Json::parse(line, nullptr, false);
  if (!event.is_object()) return nullptr;
  event.erase("len"), event.erase("crc");
  return event;
}

}  // namespace

std::string journal_line(const Json& event) {
  std::string body = event.dump();
  body.pop_back();  // the closing brace comes after the seal
  return body + seal_of(body);
}

JournalText parse_journal(std::string_view text, const std::filesystem::path& path) {
  JournalText journal;
  std::size_t begin = 0, line_number = 0, bad_line = 0;
  while (begin < text.size()) {
    ++line_number;
    const std::size_t newline = text.find('\n', begin);
    const bool ended = newline != std::string_view::npos;
    const std::size_t end = ended ? newline : text.size();
    Json event = ended ? event_of(text.substr(begin, end - begin)) : Json(nullptr);
    if (event.is_null() && bad_line == 0) bad_line = line_number;
    if (!event.is_null() && bad_line != 0)
      throw WorldFailure(Outcome::io_error,
                         path.string() + ":" + std::to_string(bad_line) +
                             ": this line of the journal is damaged (its checksum does not fit, "
                             "and good lines follow). Restore the file, or move the study's "
                             "directory away and run again?");
    begin = ended ? newline + 1 : text.size();
    if (!event.is_null()) {
      journal.events.push_back(std::move(event));
      journal.whole_bytes = begin;
    }
  }
  journal.torn_bytes = text.size() - journal.whole_bytes;
  return journal;
}

JournalText read_journal(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  const Checked<std::string> text = read_text_file(path);
  if (!text) throw WorldFailure(Outcome::io_error, to_text(text.problems()));
  return parse_journal(text.value(), path);
}

Journal::Journal(const std::filesystem::path& path) : path_(path) {
  JournalText text = read_journal(path);
  events_ = std::move(text.events);
  torn_bytes_ = text.torn_bytes;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) throw io_failure("cannot create the folder", path.parent_path(), error.value());
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw io_failure("cannot open", path, errno);
  if (torn_bytes_ > 0 && ::ftruncate(descriptor_, off_t(text.whole_bytes)) != 0) {
    const int reason = errno;
    ::close(descriptor_);
    throw io_failure("cannot cut the torn last line of", path, reason);
  }
}

Journal::~Journal() { ::close(descriptor_); }

void Journal::append(const std::string& event, const Json& fields) {
  Json whole = {{"seq", events_.size()}, {"time", utc_now()}, {"event", event}};
  whole.update(fields);
  const std::string line = journal_line(whole) + "\n";
  const ssize_t written = ::write(descriptor_, line.data(), line.size());
  if (written != ssize_t(line.size()))
    throw io_failure("cannot append to", path_, written < 0 ? errno : ENOSPC);
  if (::fdatasync(descriptor_) != 0 && errno != EINVAL)
    throw io_failure("cannot sync", path_, errno);
  events_.push_back(std::move(whole));
}

}  // namespace temper
