// Arrays of a mapped file whose blocks are checked against their CRC-32C when first touched.
//
//   const CheckedArray labels(file, array, crcs);
//   const auto label = labels.at<std::int32_t>(7);     // WorldFailure names file, array and block
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "io/store/layout.hpp"

namespace temper {

// WorldFailure (74): `where what. Prepare the data again?`
[[noreturn]] void throw_damaged(const std::string& where, const std::string& what);

// A file in memory, read-only.
class MappedFile {
 public:
  // Throws WorldFailure.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  const std::byte* bytes() const { return bytes_; }
  std::int64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  const std::byte* bytes_ = nullptr;
  std::int64_t size_ = 0;
};

// Thread-safe. Empty (false) where a store has no such array.
class CheckedArray {
 public:
  CheckedArray() = default;
  // The file outlives the array; the array lies inside the file.
  CheckedArray(const MappedFile& file, const StoredArray& array, std::vector<std::uint32_t> crcs)
      : file_(&file),
        array_(array),
        crcs_(std::move(crcs)),
        seen_(std::make_unique<std::atomic<bool>[]>(crcs_.size())) {}

  explicit operator bool() const { return file_ != nullptr; }
  const StoredArray& array() const { return array_; }
  std::string where() const { return file_->path() + ": " + array_.name; }

  // Elements [begin, end), checked. Not aligned: read through memcpy.
  const std::byte* touch(std::int64_t begin, std::int64_t end) const;
  template <class T>
  T at(std::int64_t index) const {
    T value;
    std::memcpy(&value, touch(index, index + 1), sizeof value);
    return value;
  }
  void verify() const {
    if (file_ != nullptr) touch(0, array_.count);
  }

 private:
  void check_block(std::int64_t block) const;

  const MappedFile* file_ = nullptr;
  StoredArray array_;
  std::vector<std::uint32_t> crcs_;
  std::unique_ptr<std::atomic<bool>[]> seen_;
};

}  // namespace temper
