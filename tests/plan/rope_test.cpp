// Inverse frequencies worked out from the published definitions.
#include "plan/rope.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace temper {

namespace {

double plain(double theta, double channels, int pair) {
  return std::pow(theta, -2.0 * pair / channels);
}

void expect_near(double value, double expected) {
  EXPECT_NEAR(value, expected, 1e-10 * std::abs(expected));
}

}  // namespace

TEST(Rope, llama_3_2_keeps_short_waves_divides_long_ones_and_blends_between) {
  const Rope rope{.kind = RopeKind::llama3,
                  .theta = 5e5,
                  .factor = 32,
                  .low_freq_factor = 1,
                  .high_freq_factor = 4,
                  .original_max_positions = 8192};
  const std::vector<double> inverse = inverse_frequencies(rope, 64, 100);
  ASSERT_EQ(inverse.size(), 32U);
  for (int i = 0; i <= 14; ++i) expect_near(inverse[std::size_t(i)], plain(5e5, 64, i));
  expect_near(inverse[15], 1.2905479282e-3);
  expect_near(inverse[16], 4.2955679656e-4);
  expect_near(inverse[17], 9.7082878026e-5);
  expect_near(inverse[18], 1.9461638185e-5);
  for (int i = 18; i < 32; ++i) expect_near(inverse[std::size_t(i)], plain(5e5, 64, i) / 32);
  EXPECT_EQ(attention_factor(rope, 131072), 1);
}

TEST(Rope, llama_3_1_blends_six_pairs) {
  const Rope rope{
      .kind = RopeKind::llama3, .theta = 5e5, .factor = 8, .original_max_positions = 8192};
  const std::vector<double> inverse = inverse_frequencies(rope, 128, 100);
  const double blended[] = {2.1665707635e-3, 1.3718935678e-3, 8.5675141292e-4,
                            5.2484616099e-4, 3.1269375038e-4, 1.7850781277e-4};
  expect_near(inverse[28], plain(5e5, 128, 28));
  for (std::size_t i = 0; i < 6; ++i) expect_near(inverse[29 + i], blended[i]);
  expect_near(inverse[35], plain(5e5, 128, 35) / 8);
}

TEST(Rope, yarn_goes_over_between_its_bounds) {
  const Rope rope{
      .kind = RopeKind::yarn, .theta = 1e6, .factor = 4, .original_max_positions = 32768};
  const std::vector<double> inverse = inverse_frequencies(rope, 128, 100);
  expect_near(inverse[23], plain(1e6, 128, 23));
  expect_near(inverse[24], 5.3753214908e-3);
  expect_near(inverse[30], 1.0643609812e-3);
  expect_near(inverse[39], 6.4903943208e-5);
  expect_near(inverse[40], plain(1e6, 128, 40) / 4);
  expect_near(attention_factor(rope, 131072), 1.1386294361);
}

TEST(Rope, longrope_chooses_its_factors_by_the_length_of_the_document) {
  Rope rope{.kind = RopeKind::longrope, .original_max_positions = 4096};
  rope.short_factor.assign(48, 1.0), rope.long_factor.assign(48, 2.0);
  expect_near(attention_factor(rope, 131072), 1.1902380714);
  EXPECT_FALSE(uses_long_factors(rope, 4096));
  EXPECT_TRUE(uses_long_factors(rope, 4097));
  expect_near(inverse_frequencies(rope, 96, 4096)[5], plain(1e4, 96, 5));
  expect_near(inverse_frequencies(rope, 96, 4097)[5], plain(1e4, 96, 5) / 2);
  rope.attention_factor = 1.25;  // the config's own word wins
  EXPECT_EQ(attention_factor(rope, 131072), 1.25);
}

TEST(Rope, a_part_of_the_channels_is_rotated_as_if_there_were_no_others) {
  const std::vector<double> inverse = inverse_frequencies({.partial = 0.75}, 128, 1);
  ASSERT_EQ(inverse.size(), 48U);
  expect_near(inverse[7], plain(1e4, 96, 7));
}

TEST(Rope, linear_scaling_divides_and_the_plain_kind_does_not) {
  const Rope linear{.kind = RopeKind::linear, .theta = 1e6, .factor = 8};
  expect_near(inverse_frequencies(linear, 32, 1)[3], plain(1e6, 32, 3) / 8);
  expect_near(inverse_frequencies({.theta = 1e6, .factor = 8}, 32, 1)[3], plain(1e6, 32, 3));
  EXPECT_FALSE(uses_long_factors(linear, 1 << 20));
}

}  // namespace temper
