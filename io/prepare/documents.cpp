#include "io/prepare/documents.hpp"

#include <cstring>

namespace temper {

namespace {

std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return std::uint64_t(product) ^ std::uint64_t(product >> 64);
}

}  // namespace

// Two lanes of folded 64-bit products over words of eight bytes, as wyhash mixes; the length is
// part of the start, so that padding with zeros tells texts apart.
TextKey text_key(std::string_view text) {
  constexpr std::uint64_t kOdd[4] = {0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u,
                                     0xD6E8FEB86659FD93u};
  std::uint64_t a = kOdd[0] ^ text.size(), b = kOdd[1] + text.size();
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, text.size() - at < 8 ? text.size() - at : 8);
    a = folded_product(a ^ word, kOdd[2]) + kOdd[0];
    b = folded_product(b + word, kOdd[3]) ^ kOdd[1] ^ (b << 23 | b >> 41);
  }
  return {folded_product(a ^ kOdd[3], b ^ kOdd[2]), folded_product(b ^ kOdd[0], a ^ kOdd[1])};
}

std::uint32_t Documents::label_number(const std::string& label_text, bool is_integer) {
  const auto [found, added] = label_index.try_emplace(label_text, std::uint32_t(labels.size()));
  if (added) {
    labels.push_back(label_text);
    label_is_integer.push_back(true);
  }
  if (!is_integer) label_is_integer[found->second] = false;
  return found->second;
}

}  // namespace temper
