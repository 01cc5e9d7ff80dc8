// SHA-256 for identities (files, recipes, trials) and CRC-32C for blocks on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace temper {

// Incremental SHA-256 (FIPS 180-4): OpenSSL's where it is installed.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& update(const void* bytes, std::size_t size);
  Sha256& update(std::string_view text) { return update(text.data(), text.size()); }
  // 64 lower-case hex digits; the object is used up.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view text);
// Of the file's bytes. Throws WorldFailure (74).
std::string sha256_of_file(const std::filesystem::path& path);

// CRC-32C (Castagnoli, reflected 0x82F63B78), as iSCSI, SCTP and ext4 use it; continue with the
// last value as `crc`. "123456789" gives 0xE3069283.
std::uint32_t crc32c(const void* bytes, std::size_t size, std::uint32_t crc = 0);
// The CRC of two texts end to end, from the CRC of each and the length of the second.
std::uint32_t crc32c_of_both(std::uint32_t first, std::uint32_t second, std::uint64_t second_size);

}  // namespace temper
