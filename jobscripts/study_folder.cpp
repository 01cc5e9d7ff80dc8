#include "jobscripts/study_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/outcome.hpp"
#include "core/problem.hpp"
#include "jobscripts/host.hpp"

namespace temper {

namespace fs = std::filesystem;

std::string attempt_name(std::int64_t number) { return "attempt-" + std::to_string(number); }

std::int64_t last_attempt(const fs::path& segment) {
  std::int64_t last = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(segment, error)) {
    const std::string name = entry.path().filename().string();
    std::int64_t number = 0;
    if (name.starts_with("attempt-") &&
        std::from_chars(name.data() + 8, name.data() + name.size(), number).ec == std::errc())
      last = std::max(last, number);
  }
  return last;
}

fs::path create_attempt(const fs::path& segment, std::int64_t number) {
  const fs::path attempt = segment / attempt_name(number);
  std::error_code error;
  fs::create_directories(attempt, error);
  if (error) throw io_failure("cannot create the folder", attempt.string(), error.value());
  const fs::path link = segment / "latest", temporary = temporary_beside(link);
  fs::remove(temporary, error);
  fs::create_symlink(attempt.filename(), temporary, error);
  if (!error) fs::rename(temporary, link, error);
  if (error) throw io_failure("cannot link", link.string(), error.value());
  return attempt;
}

void keep_manifests(const StudyFolder& folder, const std::vector<fs::path>& manifests) {
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    const std::string text = value_or_throw(read_text_file(manifests[i]));
    const fs::path kept =
        i == 0 ? folder.root / "study.toml" : folder.root / "included" / manifests[i].filename();
    const Checked<std::string> there = fs::exists(kept) ? read_text_file(kept) : std::string();
    if (!fs::exists(kept) || !there || there.value() != text) write_file_atomically(kept, text);
  }
}

namespace {

std::string holder_of(const fs::path& lock) {
  const Checked<std::string> text = read_text_file(lock);
  const Json owner = text ? Json::parse(text.value(), nullptr, false) : Json();
  if (!owner.is_object()) return "another process";
  return "process " + std::to_string(owner.value("pid", 0)) + " on " + owner.value("host", "?") +
         " since " + owner.value("time", "?");
}

bool lock_without_wait(int descriptor, int how) {
  int result;
  do result = ::flock(descriptor, how | LOCK_NB);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

}  // namespace

StudyLock::StudyLock(const StudyFolder& folder) {
  const fs::path path = folder.lock();
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) throw io_failure("cannot create the study directory", folder.root, error.value());
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw io_failure("cannot write in the study directory", folder.root, errno);
  if (!lock_without_wait(descriptor_, LOCK_EX)) {
    const int reason = errno;
    ::close(descriptor_);
    if (reason == EWOULDBLOCK)
      throw WorldFailure(Outcome::io_error, folder.root.string() + ": is being run by " +
                                                holder_of(path) +
                                                " (two runs of one study would undo each other's "
                                                "work). Wait for it, or stop it?");
    throw io_failure("this file system grants no lock (flock) on", path, reason);
  }
  const std::string owner =
      Json{{"pid", ::getpid()}, {"host", host_name()}, {"time", utc_now()}}.dump() + "\n";
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, owner.data(), owner.size(), 0) != ssize_t(owner.size())) {
    const int reason = errno;
    ::close(descriptor_);
    throw io_failure("cannot write", path, reason);
  }
}

StudyLock::~StudyLock() { ::close(descriptor_); }

std::optional<std::string> lock_holder(const StudyFolder& folder) {
  const int descriptor = ::open(folder.lock().c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  const bool free = lock_without_wait(descriptor, LOCK_SH);
  const bool held = !free && errno == EWOULDBLOCK;
  ::close(descriptor);
  if (!held) return std::nullopt;
  return holder_of(folder.lock());
}

}  // namespace temper
