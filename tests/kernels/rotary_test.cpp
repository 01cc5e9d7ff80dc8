// Rotary positions by hand, against the definition, and there and back.
#include "kernels/rotary.hpp"

#include <gtest/gtest.h>

#include "support/kernel_numbers.hpp"

namespace temper {

namespace {

template <class A>
struct Tables {
  std::vector<A> cosines, sines;
  Tables(std::int64_t positions, std::int64_t rotated, double theta) {
    for (std::int64_t p = 0; p < positions; ++p)
      for (std::int64_t i = 0; i < rotated / 2; ++i) {
        const double angle = double(p) * std::pow(theta, -2.0 * double(i) / double(rotated));
        cosines.push_back(A(std::cos(angle))), sines.push_back(A(std::sin(angle)));
      }
  }
};

}  // namespace

template <class T>
class Rotary : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(Rotary, Storage);

TEST(RotaryByHand, one_two_three_four_at_position_one) {
  std::vector<double> x{1, 2, 3, 4};
  const Tables<double> tables(2, 4, 1e4);
  const std::int32_t position = 1;
  rotate(x.data(), 4, 1, 4, 4, tables.cosines.data(), tables.sines.data(), &position, 1, false);
  EXPECT_LT(worst(x, {-1.9841106486, 1.9599006675, 2.4623779024, 4.0197996683}), 1e-10);
}

TYPED_TEST(Rotary, turns_the_first_channels_of_the_first_heads_and_leaves_the_rest) {
  using T = TypeParam;
  constexpr std::int64_t kTokens = 7, kHeads = 3, kAll = 5, kSize = 20, kRotated = 12;
  const Tables<Accumulate<T>> tables(40, kRotated, 500);
  const std::vector<std::int32_t> positions{0, 1, 39, 2, 2, 17, 3};
  const auto before = normal_numbers<T>(kTokens * kAll * kSize, 1);
  auto x = before;
  const auto turn = [&](bool inverse) {
    rotate(x.data(), kAll * kSize, kHeads, kSize, kRotated, tables.cosines.data(),
           tables.sines.data(), positions.data(), kTokens, inverse);
  };
  turn(false);
  const std::vector<double> in = exact(before);
  std::vector<double> wanted = in;
  for (std::int64_t t = 0; t < kTokens; ++t)
    for (std::int64_t h = 0; h < kHeads; ++h)
      for (std::int64_t i = 0; i < kRotated; ++i) {
        const std::int64_t half = kRotated / 2, at = (t * kAll + h) * kSize;
        const auto entry = std::size_t(positions[std::size_t(t)] * half + i % half);
        const double turned =
            i < half ? -in[std::size_t(at + i + half)] : in[std::size_t(at + i - half)];
        wanted[std::size_t(at + i)] = in[std::size_t(at + i)] * double(tables.cosines[entry]) +
                                      turned * double(tables.sines[entry]);
      }
  EXPECT_LT(worst(exact(x), wanted), rounding<T>());
  for (std::int64_t t = 0; t < kTokens; ++t)
    for (std::int64_t i = kRotated; i < kAll * kSize; ++i) {
      const auto at = std::size_t(t * kAll * kSize + i);
      const bool rests = i >= kHeads * kSize || i % kSize >= kRotated;
      EXPECT_TRUE(!rests || exact(x)[at] == in[at]) << i;
    }
  turn(true);
  EXPECT_LT(worst(exact(x), in), 2 * rounding<T>());
}

}  // namespace temper
