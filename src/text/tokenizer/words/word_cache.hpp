// Ids of words met before, in a table of fixed size: one cache line for each word, two lines for
// each hash value, nothing allocated after construction. Words that are too long for a line are
// computed each time.
//
//   cache.append(word, readable_end, ids, [&](auto& out) { compute(word, out); });
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace temper {

class WordCache {
 public:
  WordCache() : lines_(kLines) {}

  // Appends the ids of `word` to `ids`; `compute(ids)` appends them when they are not here yet.
  // Bytes up to `readable_end` may be read.
  template <class Compute>
  void append(std::string_view word, const char* readable_end, std::vector<std::int32_t>& ids,
              Compute compute) {
    if (word.empty() || word.size() > kLongestWord) return compute(ids);
    const Key key = key_of(word, readable_end);
    Line* pair = &lines_[place_of(key)];
    if (!is_same(pair[0].key, key)) {
      if (!is_same(pair[1].key, key)) return learn(key, pair, ids, compute);
      std::swap(pair[0], pair[1]);
    }
    ids.insert(ids.end(), pair[0].ids.begin(), pair[0].ids.begin() + pair[0].count);
  }

 private:
  static constexpr std::size_t kLines = 1 << 15;  // 2 MiB
  static constexpr std::size_t kLongestWord = 23, kMostIds = 9;
  using Key = std::array<std::uint64_t, 3>;  // the bytes, zeros, in the last byte the length

  struct alignas(64) Line {
    Key key{};  // all zeros: empty, for no word has length 0
    std::array<std::int32_t, kMostIds> ids{};
    std::int32_t count = 0;
  };
  static_assert(sizeof(Line) == 64);

  static bool is_same(const Key& a, const Key& b) {
    return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2])) == 0;
  }

  static Key key_of(std::string_view word, const char* readable_end) {
    Key key{};
    if (readable_end - word.data() >= 24) {
      std::memcpy(key.data(), word.data(), 24);
      for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t kept = word.size() <= 8 * i ? 0 : word.size() - 8 * i;
        if (kept < 8) key[i] &= (std::uint64_t(1) << (8 * kept)) - 1;
      }
    } else {
      std::memcpy(key.data(), word.data(), word.size());
    }
    key[2] |= std::uint64_t(word.size()) << 56;
    return key;
  }

  static std::size_t place_of(const Key& key) {
    std::uint64_t hash = key[0] * 0x9E3779B97F4A7C15ull;
    hash = (hash ^ hash >> 32 ^ key[1]) * 0xD6E8FEB86659FD93ull;
    hash = (hash ^ hash >> 32 ^ key[2]) * 0xC2B2AE3D27D4EB4Full;
    return (hash >> 40) & (kLines - 2);  // the first of a pair
  }

  template <class Compute>
  void learn(const Key& key, Line* pair, std::vector<std::int32_t>& ids, Compute compute) {
    const std::size_t before = ids.size();
    compute(ids);
    const std::size_t count = ids.size() - before;
    if (count > kMostIds) return;
    pair[1] = pair[0];
    pair[0].key = key;
    pair[0].count = std::int32_t(count);
    std::copy(ids.begin() + std::ptrdiff_t(before), ids.end(), pair[0].ids.begin());
  }

  std::vector<Line> lines_;
};

}  // namespace temper
