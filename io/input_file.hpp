// A file open for reading at any offset.
#pragma once

#include <cstdint>
#include <filesystem>

namespace temper {

class InputFile {
 public:
  // Not open when the file cannot be; errno says why.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  std::int64_t size() const;
  // The number of bytes read: fewer than asked at the end of the file. Throws WorldFailure.
  std::int64_t read_at(std::int64_t offset, void* out, std::int64_t bytes) const;
  // All of them. Throws WorldFailure where the file ends before.
  void read_exactly(std::int64_t offset, void* out, std::int64_t bytes) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace temper
