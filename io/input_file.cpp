#include "io/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/outcome.hpp"

namespace temper {

InputFile::InputFile(const std::filesystem::path& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::int64_t InputFile::size() const {
  struct stat status {};
  return ::fstat(descriptor_, &status) == 0 ? std::int64_t(status.st_size) : -1;
}

std::int64_t InputFile::read_at(std::int64_t offset, void* out, std::int64_t bytes) const {
  std::int64_t done = 0;
  while (done < bytes) {
    const ssize_t got = ::pread(descriptor_, static_cast<char*>(out) + done,
                                std::size_t(bytes - done), offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw io_failure("cannot read", path_.string(), errno);
    if (got == 0) break;
    done += got;
  }
  return done;
}

void InputFile::read_exactly(std::int64_t offset, void* out, std::int64_t bytes) const {
  if (!is_open()) throw io_failure("cannot open", path_.string(), errno);
  if (read_at(offset, out, bytes) != bytes)
    throw WorldFailure(Outcome::io_error, path_.string() + ": ends inside a tensor");
}

}  // namespace temper
