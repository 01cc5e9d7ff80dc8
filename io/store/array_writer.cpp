#include "io/store/array_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/contract.hpp"
#include "core/digest.hpp"
#include "core/outcome.hpp"

namespace temper {

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void FileWriter::open(int flags) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666);
  if (descriptor_ < 0) throw io_failure("cannot create", path_.string(), errno);
}

void FileWriter::close() {
  if (descriptor_ >= 0 && ::close(descriptor_) != 0) fail(errno);
  descriptor_ = -1;
}

void FileWriter::reserve(std::int64_t bytes) {
  if (::fallocate(descriptor_, 0, 0, bytes) == 0) return;
  if (errno == ENOSPC || errno == EFBIG || errno == EDQUOT) fail(errno);
}

void FileWriter::write(const void* data, std::int64_t bytes, std::int64_t at) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t done = ::pwrite(descriptor_, from, std::size_t(bytes), at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) fail(done < 0 ? errno : ENOSPC);
    from += done;
    bytes -= done;
    at += done;
  }
}

void FileWriter::sync() {
  if (::fsync(descriptor_) != 0) fail(errno);
}

void FileWriter::fail(int error) {
  throw WorldFailure(Outcome::io_error, "cannot write " + path_.string() + ": " +
                                            std::strerror(error) + " (the store needs " +
                                            std::to_string((total_ >> 20) + 1) +
                                            " MiB). Free space, or set data.store_dir?");
}

void ArrayWriter::write(std::size_t index, std::int64_t first_element, const void* data,
                        std::int64_t count) {
  const StoredArray& array = arrays_[index];
  const std::int64_t width = size_bytes(array.element);
  expects(first_element >= 0 && first_element + count <= array.count, array.name, ": elements [",
          first_element, ", ", first_element + count, ") of ", array.count);
  const char* from = static_cast<const char*>(data);
  std::int64_t begin = first_element * width;
  const std::int64_t end = begin + count * width;
  file_.write(from, end - begin, array.address + begin);
  while (begin < end) {
    const std::int64_t stop = std::min(end, (begin / kStoreBlockBytes + 1) * kStoreBlockBytes);
    fragments_.push_back(
        {std::int32_t(index), crc32c(from, std::size_t(stop - begin)), begin, stop - begin});
    from += stop - begin;
    begin = stop;
  }
}

}  // namespace temper
