#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/contract.hpp"
#include "core/digest.hpp"
#include "core/outcome.hpp"
#if defined(TEMPER_HAS_OPENSSL)
#include <openssl/evp.h>
#endif

namespace temper {

namespace {
std::string to_hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}
}  // namespace

#if defined(TEMPER_HAS_OPENSSL)

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void update(const unsigned char* bytes, std::size_t size) {
    EVP_DigestUpdate(context, bytes, size);
  }
  std::array<unsigned char, 32> finish() {
    std::array<unsigned char, 32> digest;
    EVP_DigestFinal_ex(context, digest.data(), nullptr);
    return digest;
  }
};

#else

// A login node may have no OpenSSL headers; FIPS 180-4 section 6.2, plain.
struct Sha256::State {
  std::array<std::uint32_t, 8> hash{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> block{};
  std::size_t filled = 0;
  std::uint64_t total = 0;

  void compress() {
    static constexpr std::array<std::uint32_t, 64> k{
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};
    std::array<std::uint32_t, 64> w;
    for (int i = 0; i < 16; ++i)
      w[i] = std::uint32_t(block[4 * i]) << 24 | std::uint32_t(block[4 * i + 1]) << 16 |
             std::uint32_t(block[4 * i + 2]) << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; ++i) {
      const auto s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
      const auto s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = hash;
    for (int i = 0; i < 64; ++i) {
      const auto s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
      const auto t1 = h + s1 + ((e & f) ^ (~e & g)) + k[i] + w[i];
      const auto s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
      const auto t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> sum{a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; ++i) hash[i] += sum[i];
  }
  void update(const unsigned char* bytes, std::size_t size) {
    total += size;
    for (std::size_t i = 0; i < size; ++i) {
      block[filled++] = bytes[i];
      if (filled == 64) compress(), filled = 0;
    }
  }
  std::array<unsigned char, 32> finish() {
    const std::uint64_t bits = total * 8;
    const unsigned char one = 0x80, zero = 0;
    update(&one, 1);
    while (filled != 56) update(&zero, 1);
    for (int shift = 56; shift >= 0; shift -= 8) {
      const auto byte = static_cast<unsigned char>(bits >> shift);
      update(&byte, 1);
    }
    std::array<unsigned char, 32> digest;
    for (int i = 0; i < 32; ++i)
      digest[i] = static_cast<unsigned char>(hash[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
  }
};

#endif

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;

Sha256& Sha256::update(const void* bytes, std::size_t size) {
  expects(state_ != nullptr, "SHA-256 object used after hex()");
  state_->update(static_cast<const unsigned char*>(bytes), size);
  return *this;
}

std::string Sha256::hex() {
  expects(state_ != nullptr, "SHA-256 object used after hex()");
  const auto digest = state_->finish();
  state_.reset();
  return to_hex(digest.data(), digest.size());
}

std::string sha256_hex(std::string_view text) { return Sha256().update(text).hex(); }

std::string sha256_of_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw io_failure("cannot open", path.string(), errno);
  Sha256 digest;
  std::vector<char> buffer(1 << 20);
  ssize_t got;
  while ((got = ::read(descriptor, buffer.data(), buffer.size())) > 0 ||
         (got < 0 && errno == EINTR))
    if (got > 0) digest.update(buffer.data(), std::size_t(got));
  const int error = errno;
  ::close(descriptor);
  if (got < 0) throw io_failure("cannot read", path.string(), error);
  return digest.hex();
}

}  // namespace temper
