// A file written piece by piece under a temporary name, and given its own when it is whole.
#pragma once

#include <cstdint>
#include <filesystem>

namespace temper {

class OutputFile {
 public:
  // In a folder that exists. All throw WorldFailure.
  explicit OutputFile(const std::filesystem::path& path);
  ~OutputFile();  // without commit nothing is left
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(const void* data, std::int64_t bytes);
  void commit();
  std::int64_t written() const { return written_; }

 private:
  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
  std::int64_t written_ = 0;
};

}  // namespace temper
