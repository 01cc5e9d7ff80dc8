#include "sharding/batch_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace temper {

BatchPlan small_plan(std::int64_t documents, std::int64_t global_batch) {
  return {.documents = documents,
          .global_batch = global_batch,
          .steps_per_epoch = (documents + global_batch - 1) / global_batch};
}

TEST(BatchPlan, every_document_is_in_one_step_of_each_epoch) {
  for (std::int64_t documents = 1; documents <= 23; ++documents)
    for (std::int64_t batch = 1; batch <= 30; ++batch) {
      const BatchPlan plan = small_plan(documents, batch);
      for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
        std::map<std::int64_t, int> taken;
        for (std::int64_t s = 0; s < plan.steps_per_epoch; ++s) {
          const StepSlice slice = slice_of_step(plan, epoch * plan.steps_per_epoch + s);
          EXPECT_EQ(slice.epoch, epoch);
          EXPECT_FALSE(slice.positions.empty());
          for (std::int64_t p = slice.positions.begin; p < slice.positions.end; ++p) ++taken[p];
        }
        ASSERT_EQ(std::int64_t(taken.size()), documents);
        EXPECT_EQ(taken.begin()->first, 0);
        EXPECT_EQ(taken.rbegin()->first, documents - 1);
        for (const auto& [position, times] : taken) ASSERT_EQ(times, 1);
      }
    }
}

TEST(BatchPlan, the_last_step_of_an_epoch_takes_what_is_left) {
  EXPECT_EQ(slice_of_step(small_plan(10, 4), 2).positions, (Extent{8, 10}));
  EXPECT_EQ(slice_of_step(small_plan(10, 4), 3).positions, (Extent{0, 4}));
  EXPECT_EQ(slice_of_step(small_plan(10, 4), 3).epoch, 1);
}

// All lengths of 0 to 3 tokens of up to 6 documents, on up to 4 ranks.
TEST(BatchPlan, dealing_gives_every_document_a_rank_and_ranks_like_numbers_of_tokens) {
  for (int size = 0; size <= 6; ++size)
    for (int code = 0; code < 1 << (2 * size); ++code) {
      std::vector<std::int64_t> lengths;
      for (int i = 0; i < size; ++i) lengths.push_back(code >> (2 * i) & 3);
      const std::int64_t longest =
          lengths.empty() ? 0 : std::max<std::int64_t>(1, *std::ranges::max_element(lengths));
      for (int dp = 1; dp <= 4; ++dp) {
        const std::vector<int> ranks = deal_by_length(lengths, dp);
        ASSERT_EQ(ranks.size(), lengths.size());
        std::vector<std::int64_t> tokens(std::size_t(dp), 0), documents(std::size_t(dp), 0);
        for (std::size_t i = 0; i < ranks.size(); ++i) {
          ASSERT_TRUE(ranks[i] >= 0 && ranks[i] < dp);
          tokens[std::size_t(ranks[i])] += std::max<std::int64_t>(1, lengths[i]);
          ++documents[std::size_t(ranks[i])];
        }
        const auto [least, most] = std::ranges::minmax_element(tokens);
        EXPECT_LE(*most - *least, longest);
        if (size >= dp) {
          EXPECT_GE(*std::ranges::min_element(documents), 1);
        }
      }
    }
}

TEST(BatchPlan, dealing_follows_the_worked_example) {
  EXPECT_EQ(deal_by_length({9, 1, 8, 2}, 2), (std::vector<int>{0, 0, 1, 1}));
}

}  // namespace temper
