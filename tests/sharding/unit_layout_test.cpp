#include "sharding/unit_layout.hpp"

#include <gtest/gtest.h>

namespace temper {

TEST(UnitLayout, follows_the_worked_example) {
  const UnitLayout layout = plan_unit_layout("block.0", {{0, 10}, {1, 6}, {2, 5}}, 4, 4);
  ASSERT_EQ(layout.slots.size(), 3u);
  EXPECT_EQ(layout.slots[0].extent, (Extent{0, 10}));
  EXPECT_EQ(layout.slots[1].extent, (Extent{12, 18}));
  EXPECT_EQ(layout.slots[2].extent, (Extent{20, 25}));
  EXPECT_EQ(layout.length, 32);
}

TEST(UnitLayout, extents_of_ranks_are_equal_aligned_and_cover_the_unit_once) {
  for (std::int64_t first = 1; first <= 70; first += 3)
    for (std::int64_t second = 1; second <= 40; second += 13)
      for (int dp = 1; dp <= 7; ++dp) {
        const UnitLayout layout = plan_unit_layout("unit", {{3, first}, {9, second}}, dp, 8);
        std::int64_t next = 0;
        for (int rank = 0; rank < dp; ++rank) {
          const Extent owned = layout.owned_by(rank);
          EXPECT_EQ(owned.begin, next);
          EXPECT_EQ(owned.size() % 8, 0);
          EXPECT_EQ(owned.size(), layout.length / dp);
          next = owned.end;
        }
        EXPECT_EQ(next, layout.length);
        EXPECT_EQ(layout.slots[0].extent.size(), first);
        EXPECT_EQ(layout.slots[1].extent.size(), second);
        EXPECT_GE(layout.slots[1].extent.begin, layout.slots[0].extent.end);
        EXPECT_EQ(layout.slots[1].extent.begin % 8, 0);
        EXPECT_LE(layout.slots[1].extent.end, layout.length);
        // Padding: less than an atom a tensor and an atom a rank.
        EXPECT_LT(layout.length - first - second, 8 * (2 + dp));
      }
}

}  // namespace temper
