// The values of a GGUF header, one after another.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "plan/gguf_header.hpp"

namespace temper {

// Reads from the header's bytes and never past them. The first thing wrong ends the reading with
// BadInput: what follows has no known place. `what` names the thing read, for messages.
class GgufReader {
 public:
  GgufReader(std::string_view bytes, const std::filesystem::path& file)
      : bytes_(bytes), file_(file.string()) {}

  template <class T>
  T scalar(const std::string& what) {
    if (left() < sizeof(T)) truncated(what);
    T value;
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string string(const std::string& what, std::uint64_t longest = ~std::uint64_t{0});
  GgufValue value(const std::string& key);
  // A count of things of at least `least` bytes each: one that the file cannot hold is a lie.
  std::uint64_t checked_count(const std::string& what, std::uint64_t count,
                              std::uint64_t least) const;
  [[noreturn]] void fail(const std::string& what, const std::string& wrong,
                         const std::string& why) const;
  std::uint64_t position() const { return at_; }

 private:
  std::uint64_t left() const { return bytes_.size() - at_; }
  [[noreturn]] void truncated(const std::string& what) const;
  std::int64_t integer(const std::string& key, GgufType type);
  double real(const std::string& key, GgufType type);
  void array(const std::string& key, GgufValue& value);

  std::string_view bytes_;
  std::string file_;
  std::uint64_t at_ = 0;
};

}  // namespace temper
