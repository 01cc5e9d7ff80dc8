#include "io/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/file.hpp"
#include "core/outcome.hpp"

namespace temper {

OutputFile::OutputFile(const std::filesystem::path& path)
    : path_(path), temporary_(temporary_beside(path)) {
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw io_failure("cannot create", temporary_.string(), errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void OutputFile::write(const void* data, std::int64_t bytes) {
  for (std::int64_t done = 0; done < bytes;) {
    const ssize_t put =
        ::write(descriptor_, static_cast<const char*>(data) + done, std::size_t(bytes - done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw io_failure("cannot write", path_.string(), errno);
    done += put;
  }
  written_ += bytes;
}

void OutputFile::commit() {
  commit_file(temporary_, path_);
  ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace temper
