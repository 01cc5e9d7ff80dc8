#include "core/philox.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace temper {

TEST(Philox, gives_the_known_answers_of_the_paper) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0}, {0, 0, 0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t f = 0xffffffff;
  EXPECT_EQ(philox({f, f}, {f, f, f, f}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0xa4093822, 0x299f31d0}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(KeyedPermutation, is_a_bijection_for_every_small_size) {
  for (std::uint64_t size = 1; size <= 300; ++size) {
    const KeyedPermutation order(7, Purpose::data_order, 3, size);
    std::vector<bool> seen(size, false);
    for (std::uint64_t i = 0; i < size; ++i) {
      ASSERT_LT(order(i), size);
      ASSERT_FALSE(seen[order(i)]) << "size " << size << " position " << i;
      seen[order(i)] = true;
    }
  }
}

TEST(KeyedPermutation, epochs_and_seeds_give_other_orders) {
  const KeyedPermutation a(7, Purpose::data_order, 0, 1000), b(7, Purpose::data_order, 1, 1000),
      c(8, Purpose::data_order, 0, 1000);
  int same_epoch = 0, same_seed = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) same_epoch += a(i) == b(i), same_seed += a(i) == c(i);
  EXPECT_LT(same_epoch, 20);
  EXPECT_LT(same_seed, 20);
}

TEST(KeyedPermutation, spreads_neighbours_evenly) {
  const std::uint64_t size = 65467;
  const KeyedPermutation order(42, Purpose::data_order, 0, size);
  std::vector<int> quarter(4, 0);
  for (std::uint64_t i = 0; i < 4000; ++i) ++quarter[order(i) * 4 / size];
  for (int count : quarter) EXPECT_NEAR(count, 1000, 120);  // 4 standard deviations
}

}  // namespace temper
