#include "io/prepare/split_rows.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

namespace temper {

TEST(SplitRows, honour_the_shares) {
  const SplitSpec shares{.train = 0.7, .validation = 0.1, .test = 0.2};
  constexpr int kRows = 20000;
  std::array<double, 3> counts{};
  for (int i = 0; i < kRows; ++i)
    counts[std::size_t(split_of_group(shares, "group " + std::to_string(i)))] += 1;
  for (const auto& [split, share] : {std::pair{0, 0.7}, {1, 0.1}, {2, 0.2}})
    EXPECT_NEAR(counts[std::size_t(split)] / kRows, share,
                5 * std::sqrt(share * (1 - share) / kRows));
}

TEST(SplitRows, never_change_from_one_version_to_the_next) {
  // SHA-256("temper-split|a") as Python's hashlib computes it: what was split once stays split.
  const SplitSpec shares{.train = 0.5, .validation = 0.25, .test = 0.25};
  std::string splits;
  for (char c = 'a'; c <= 'p'; ++c) splits += char('0' + split_of_group(shares, std::string(1, c)));
  EXPECT_EQ(splits, "2211002200102000");
}

TEST(SplitRows, give_nothing_to_a_share_of_zero) {
  for (int i = 0; i < 3000; ++i) {
    const std::string group = std::to_string(i);
    EXPECT_EQ(split_of_group({.train = 1, .validation = 0, .test = 0}, group), 0);
    EXPECT_NE(split_of_group({.train = 0.5, .validation = 0, .test = 0.5}, group), 1);
    EXPECT_NE(split_of_group({.train = 0.1, .validation = 0.9, .test = 0}, group), 2);
  }
}

}  // namespace temper
