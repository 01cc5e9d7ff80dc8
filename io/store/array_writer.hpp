// Extents of arrays written by one rank, with the CRC-32C of every piece of every block.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "io/store/layout.hpp"

namespace temper {

// What one rank wrote of one block.
struct Fragment {
  std::int32_t array = 0;
  std::uint32_t crc = 0;
  std::int64_t begin = 0, bytes = 0;  // within the array
};

// A file by positions. Every failure is a WorldFailure (74) that says what the whole needs.
class FileWriter {
 public:
  FileWriter(std::filesystem::path path, std::int64_t total)
      : path_(std::move(path)), total_(total) {}
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void open(int flags);
  void close();
  // Takes the disk space now, where the file system can.
  void reserve(std::int64_t bytes);
  void write(const void* data, std::int64_t bytes, std::int64_t at);
  void sync();

 private:
  [[noreturn]] void fail(int error);
  std::filesystem::path path_;
  std::int64_t total_;
  int descriptor_ = -1;
};

class ArrayWriter {
 public:
  ArrayWriter(FileWriter& file, const std::vector<StoredArray>& arrays)
      : file_(file), arrays_(arrays) {}

  void write(std::size_t index, std::int64_t first_element, const void* data, std::int64_t count);

  // Converts in pieces: `value(i)` for i in [0, count).
  template <class Stored, class Value>
  void write_values(std::size_t index, std::int64_t first, std::int64_t count, Value&& value) {
    constexpr std::int64_t kPiece = kStoreBlockBytes / std::int64_t(sizeof(Stored));
    std::vector<Stored> piece;
    for (std::int64_t begin = 0; begin < count; begin += kPiece) {
      piece.resize(std::size_t(std::min(kPiece, count - begin)));
      for (std::size_t i = 0; i < piece.size(); ++i)
        piece[i] = Stored(value(begin + std::int64_t(i)));
      write(index, first + begin, piece.data(), std::int64_t(piece.size()));
    }
  }

  const std::vector<Fragment>& fragments() const { return fragments_; }

 private:
  FileWriter& file_;
  const std::vector<StoredArray>& arrays_;
  std::vector<Fragment> fragments_;
};

}  // namespace temper
