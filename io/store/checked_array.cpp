#include "io/store/checked_array.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/digest.hpp"
#include "core/outcome.hpp"

namespace temper {

namespace {

std::string hex_word(std::uint32_t word) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08X", word);
  return text;
}

}  // namespace

void throw_damaged(const std::string& where, const std::string& what) {
  throw WorldFailure(Outcome::io_error, where + " " + what + ". Prepare the data again?");
}

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path.string()) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw io_failure("cannot open", path_, errno);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0) size_ = status.st_size;
  void* map = ::mmap(nullptr, std::size_t(size_), PROT_READ, MAP_SHARED, descriptor, 0);
  const int error = errno;
  ::close(descriptor);
  if (map == MAP_FAILED) throw io_failure("cannot map", path_, error);
  bytes_ = static_cast<const std::byte*>(map);
}

MappedFile::~MappedFile() { ::munmap(const_cast<std::byte*>(bytes_), std::size_t(size_)); }

const std::byte* CheckedArray::touch(std::int64_t begin, std::int64_t end) const {
  const std::int64_t width = size_bytes(array_.element);
  if (begin < 0 || begin > end || end > array_.count)
    throw_damaged(where(), "has no elements [" + std::to_string(begin) + ", " +
                               std::to_string(end) + ") among " + std::to_string(array_.count));
  const std::int64_t first = begin * width / kStoreBlockBytes;
  const std::int64_t last = (end * width + kStoreBlockBytes - 1) / kStoreBlockBytes;
  for (std::int64_t block = first; block < last; ++block)
    if (!seen_[std::size_t(block)].load(std::memory_order_acquire)) check_block(block);
  return file_->bytes() + array_.address + begin * width;
}

void CheckedArray::check_block(std::int64_t block) const {
  const std::int64_t begin = block * kStoreBlockBytes;
  const std::int64_t bytes = std::min(kStoreBlockBytes, array_.bytes() - begin);
  const std::byte* from = file_->bytes() + array_.address + begin;
  const auto page = std::uintptr_t(from) & ~std::uintptr_t(4095);
  ::madvise(reinterpret_cast<void*>(page), std::size_t(bytes) + (std::uintptr_t(from) - page),
            MADV_WILLNEED);
  const std::uint32_t crc = crc32c(from, std::size_t(bytes));
  if (crc != crcs_[std::size_t(block)])
    throw_damaged(where(), "is damaged in block " + std::to_string(block) + " of " +
                               std::to_string(crcs_.size()) + " (CRC-32C " + hex_word(crc) +
                               " instead of " + hex_word(crcs_[std::size_t(block)]) + ")");
  seen_[std::size_t(block)].store(true, std::memory_order_release);
}

}  // namespace temper
