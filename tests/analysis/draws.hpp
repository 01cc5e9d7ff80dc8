// splitmix64, as tests/oracles draw their cases.
#pragma once

#include <cstdint>

namespace temper {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  std::int64_t below(std::int64_t n) {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return std::int64_t(((z ^ (z >> 31)) >> 11) % std::uint64_t(n));
  }

 private:
  std::uint64_t state_;
};

}  // namespace temper
