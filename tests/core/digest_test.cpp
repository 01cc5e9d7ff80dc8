#include "core/digest.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "core/file.hpp"

namespace temper {

TEST(Sha256, gives_the_known_answers_of_fips_180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, of_a_file_equals_that_of_its_bytes) {
  const auto path =
      std::filesystem::temp_directory_path() / ("temper-digest-" + std::to_string(::getpid()));
  const std::string text(3'000'000, 'x');
  write_file_atomically(path, text);
  EXPECT_EQ(sha256_of_file(path), sha256_hex(text));
  std::filesystem::remove(path);
}

TEST(Crc32c, gives_the_known_answer_and_continues) {
  EXPECT_EQ(crc32c("123456789", 9), 0xE3069283u);
  EXPECT_EQ(crc32c("6789", 4, crc32c("12345", 5)), 0xE3069283u);
  const std::string zeros(32, '\0');  // RFC 3720 B.4
  EXPECT_EQ(crc32c(zeros.data(), zeros.size()), 0x8A9136AAu);
}

TEST(Crc32c, of_two_texts_follows_from_the_crc_of_each) {
  const std::string text = "The quick brown fox jumps over the lazy dog, again and again.";
  const std::uint32_t whole = crc32c(text.data(), text.size());
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc32c_of_both(crc32c(text.data(), cut), crc32c(text.data() + cut, text.size() - cut),
                             text.size() - cut),
              whole)
        << cut;
}

}  // namespace temper
