#include "core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/outcome.hpp"

namespace temper {

namespace {

void make_folder_of(const std::filesystem::path& path) {
  if (!path.has_parent_path()) return;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    throw io_failure("cannot create the folder", path.parent_path().string(), error.value());
}

void write_all(int descriptor, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw io_failure("cannot write", path.string(), errno);
    content.remove_prefix(std::size_t(written));
  }
}

void sync_path(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags);
  if (descriptor < 0) throw io_failure("cannot open", path.string(), errno);
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  // Some file systems know no fsync of folders: EINVAL is no loss.
  if (result != 0 && error != EINVAL) throw io_failure("cannot sync", path.string(), error);
}

}  // namespace

Checked<std::string> read_text_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Problem{path.string(), "cannot be read", std::strerror(errno), ""};
  struct stat status {};
  std::string text;
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
    text.reserve(std::size_t(status.st_size) + 1);
  char buffer[1 << 16];
  ssize_t got;
  while ((got = ::read(descriptor, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
    if (got > 0) text.append(buffer, std::size_t(got));
  const int error = errno;
  ::close(descriptor);
  if (got < 0) return Problem{path.string(), "cannot be read", std::strerror(error), ""};
  return text;
}

std::filesystem::path temporary_beside(const std::filesystem::path& path) {
  return path.parent_path() /
         ("." + path.filename().string() + ".tmp-" + std::to_string(::getpid()));
}

void commit_file(const std::filesystem::path& temporary, const std::filesystem::path& path) {
  sync_path(temporary, O_RDONLY | O_CLOEXEC);
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    throw io_failure("cannot rename " + temporary.string() + " to", path.string(), errno);
  sync_path(path.has_parent_path() ? path.parent_path() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  make_folder_of(path);
  const std::filesystem::path temporary = temporary_beside(path);
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) throw io_failure("cannot create", temporary.string(), errno);
  try {
    write_all(descriptor, content, path);
    if (::close(descriptor) != 0) throw io_failure("cannot close", temporary.string(), errno);
    commit_file(temporary, path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

LineAppender::LineAppender(const std::filesystem::path& path) : path_(path) {
  make_folder_of(path);
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw io_failure("cannot open", path.string(), errno);
}

LineAppender::~LineAppender() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void LineAppender::append(std::string_view line) {
  std::string whole(line);
  whole += '\n';
  write_all(descriptor_, whole, path_);
}

}  // namespace temper
