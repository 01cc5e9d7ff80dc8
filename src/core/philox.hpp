// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a keyed
// function, no state. The same (key, counter) gives the same four words on any rank, in any order,
// so layouts and restarts change nothing.
//
//   const auto words = philox({seed_low, seed_high}, {0, 0, step, purpose_word(Purpose::dropout,
//   layer, op)});
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace temper {

using PhiloxKey = std::array<std::uint32_t, 2>;
using PhiloxCounter = std::array<std::uint32_t, 4>;

inline constexpr std::array<std::uint32_t, 4> philox(PhiloxKey key, PhiloxCounter c) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * c[2];
    c = {std::uint32_t(b >> 32) ^ c[1] ^ key[0], std::uint32_t(b),
         std::uint32_t(a >> 32) ^ c[3] ^ key[1], std::uint32_t(a)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return c;
}

// What a draw is for: part of the counter, so that no two purposes share numbers.
enum class Purpose : std::uint32_t {
  dropout = 1,
  initial_value,
  data_order,
  subset,
  search,
  bootstrap,
  split,
  sampling,
  masking
};

inline constexpr PhiloxKey philox_key(std::uint64_t seed) {
  return {std::uint32_t(seed), std::uint32_t(seed >> 32)};
}
// The fourth counter word: purpose << 24 | layer << 8 | op.
inline constexpr std::uint32_t purpose_word(Purpose purpose, std::uint32_t layer = 0,
                                            std::uint32_t op = 0) {
  return std::uint32_t(purpose) << 24 | (layer & 0xffff) << 8 | (op & 0xff);
}

// [0, 1) in steps of 2^-24.
inline constexpr float uniform_float(std::uint32_t word) { return float(word >> 8) * 0x1p-24f; }
// [0, 1) in steps of 2^-53 from two words.
inline constexpr double uniform_double(std::uint32_t high, std::uint32_t low) {
  return double((std::uint64_t(high) << 32 | low) >> 11) * 0x1p-53;
}
// A pair of standard normal numbers (Box-Muller on ((u32 >> 8) + 1) * 2^-24), in fp64 so that all
// machines agree.
inline std::array<double, 2> normal_pair(std::uint32_t a, std::uint32_t b) {
  const double radius = std::sqrt(-2 * std::log(double((a >> 8) + 1) * 0x1p-24));
  const double angle = 6.283185307179586 * (double((b >> 8) + 1) * 0x1p-24);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

// A keyed bijection of [0, size): position -> index, computed in O(1) without a table (a Feistel
// network of six rounds on the next even number of bits, cycle-walked until the image falls
// inside).
//
//   const KeyedPermutation order(seed, Purpose::data_order, epoch, documents);
//   const std::uint64_t document = order(position);
class KeyedPermutation {
 public:
  KeyedPermutation(std::uint64_t seed, Purpose purpose, std::uint32_t stream, std::uint64_t size)
      : key_(philox_key(seed)), stream_(stream), purpose_(purpose_word(purpose)), size_(size) {
    while ((std::uint64_t{1} << (2 * half_bits_)) < size) ++half_bits_;
  }

  std::uint64_t operator()(std::uint64_t position) const {
    do position = once(position);
    while (position >= size_);
    return position;
  }
  std::uint64_t size() const { return size_; }

 private:
  std::uint64_t once(std::uint64_t value) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t left = value >> half_bits_, right = value & mask;
    for (std::uint32_t round = 0; round < 6; ++round) {
      const auto words = philox(
          key_,
          {std::uint32_t(right), std::uint32_t(right >> 32) ^ round << 28, stream_, purpose_});
      const std::uint64_t mixed = (std::uint64_t(words[1]) << 32 | words[0]) & mask;
      const std::uint64_t next = left ^ mixed;
      left = right;
      right = next;
    }
    return left << half_bits_ | right;
  }

  PhiloxKey key_;
  std::uint32_t stream_, purpose_;
  std::uint64_t size_;
  unsigned half_bits_ = 1;
};

}  // namespace temper
