// Texts that tokenizers are compared on, and hashes of what becomes of them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace temper {

using Ids = std::vector<std::int32_t>;

// FNV-1a, 64 bit.
class Fnv {
 public:
  void add(const Ids& ids) {
    for (const std::int32_t id : ids) add(id);
  }
  void add(std::int32_t id) {
    for (int i = 0; i < 4; ++i) add_byte(static_cast<unsigned char>(std::uint32_t(id) >> (8 * i)));
  }
  void add(const std::string& text) {
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
  }
  std::string hex() const {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(state_));
    return text;
  }

 private:
  void add_byte(unsigned char byte) { state_ = (state_ ^ byte) * 0x100000001b3ull; }
  std::uint64_t state_ = 0xcbf29ce484222325ull;
};

template <class T>
std::string hash_of(const T& value) {
  Fnv hash;
  hash.add(value);
  return hash.hex();
}

using Use = std::function<void(const std::string&)>;

// Every gloss of WordNet; none when it is not installed.
inline void each_gloss(const Use& use) {
  for (const char* part : {"noun", "verb", "adj", "adv"}) {
    std::ifstream file(std::string("/usr/share/wordnet/data.") + part);
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("  ")) continue;
      std::string gloss = line.substr(line.find("| ") + 2);
      gloss.erase(0, gloss.find_first_not_of(" \t\r"));
      gloss.erase(gloss.find_last_not_of(" \t\r") + 1);
      use(gloss);
    }
  }
}

}  // namespace temper
