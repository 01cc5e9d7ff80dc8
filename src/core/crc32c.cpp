#include <array>
#include <cstring>

#include "core/digest.hpp"
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace temper {

namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0x82F63B78u : 0);
    table[i] = value;
  }
  return table;
}
constexpr auto kTable = make_table();

std::uint32_t crc_by_table(const unsigned char* bytes, std::size_t size, std::uint32_t crc) {
  for (std::size_t i = 0; i < size; ++i) crc = crc >> 8 ^ kTable[(crc ^ bytes[i]) & 0xff];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc_by_instruction(const unsigned char* bytes,
                                                                   std::size_t size,
                                                                   std::uint32_t crc) {
  std::uint64_t value = crc;
  for (; size >= 8; bytes += 8, size -= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes, 8);
    value = _mm_crc32_u64(value, word);
  }
  for (; size > 0; ++bytes, --size) value = _mm_crc32_u8(std::uint32_t(value), *bytes);
  return std::uint32_t(value);
}
#endif

// Product of two polynomials over GF(2) modulo Castagnoli's; the top bit is the coefficient of 1.
std::uint32_t polynomial_product(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (std::uint32_t bit = 1u << 31; bit != 0; bit >>= 1) {
    if (a & bit) product ^= b;
    b = b >> 1 ^ (b & 1 ? 0x82F63B78u : 0);
  }
  return product;
}

}  // namespace

std::uint32_t crc32c_of_both(std::uint32_t first, std::uint32_t second, std::uint64_t second_size) {
  // `size` bytes behind multiply by x^(8 size).
  std::uint32_t factor = 1u << 31, power = 1u << 23;  // 1 and x^8
  for (std::uint64_t size = second_size; size > 0; size >>= 1) {
    if (size & 1) factor = polynomial_product(factor, power);
    power = polynomial_product(power, power);
  }
  return polynomial_product(factor, first) ^ second;
}

std::uint32_t crc32c(const void* bytes, std::size_t size, std::uint32_t crc) {
  const auto* begin = static_cast<const unsigned char*>(bytes);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~crc_by_instruction(begin, size, ~crc);
#endif
  return ~crc_by_table(begin, size, ~crc);
}

}  // namespace temper
