#include "train/batch_source.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "support/small_job.hpp"

namespace temper {

namespace {

std::vector<std::int64_t> documents_of_epoch(const JobPlan& plan, const FormulaSplit& split,
                                             int dp) {
  std::vector<std::int64_t> all;
  for (int rank = 0; rank < dp; ++rank) {
    const BatchSource source(plan, split, dp, rank);
    for (std::int64_t step = 0; step < plan.batch.steps_per_epoch; ++step)
      for (const auto& documents : source.micro_batches(step))
        all.insert(all.end(), documents.begin(), documents.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST(BatchSource, an_epoch_holds_every_document_once_for_any_number_of_ranks) {
  const FormulaSplit split(37, 97);
  std::vector<std::int64_t> every(37);
  std::iota(every.begin(), every.end(), 0);
  for (const int dp : {1, 2, 3, 8}) {
    RunSpec spec = small_spec("fp32", dp);
    spec.train.gradient_accumulation_steps = 2;
    EXPECT_EQ(documents_of_epoch(small_plan(spec, 37), split, dp), every) << dp;
  }
}

TEST(BatchSource, a_sample_of_the_rows_is_the_same_in_every_epoch_and_changes_with_the_seed) {
  const FormulaSplit split(200, 97);
  RunSpec spec = small_spec("fp32", 1);
  spec.data.max_train_samples = 24;
  const auto first = documents_of_epoch(small_plan(spec, 200), split, 1);
  EXPECT_EQ(std::set(first.begin(), first.end()).size(), 24u);
  EXPECT_EQ(documents_of_epoch(small_plan(spec, 200), split, 1), first);
  spec.train.data_seed = 5;
  EXPECT_NE(documents_of_epoch(small_plan(spec, 200), split, 1), first);
}

TEST(BatchSource, the_order_changes_from_epoch_to_epoch_unless_rows_stay_unshuffled) {
  const FormulaSplit split(16, 97);
  RunSpec spec = small_spec("fp32", 1);
  const BatchSource shuffled(small_plan(spec, 16), split, 1, 0);
  EXPECT_NE(shuffled.micro_batches(0), shuffled.micro_batches(2));
  spec.data.shuffle = false;
  const BatchSource plain(small_plan(spec, 16), split, 1, 0);
  EXPECT_EQ(plain.micro_batches(1),
            (std::vector<std::vector<std::int64_t>>{{8, 9, 10, 11, 12, 13, 14, 15}}));
  EXPECT_EQ(plain.micro_batches(0), plain.micro_batches(2));
}

TEST(BatchSource, a_token_budget_bounds_every_micro_batch_and_loses_no_document) {
  const FormulaSplit split(64, 97);
  std::vector<std::int64_t> every(64);
  std::iota(every.begin(), every.end(), 0);
  for (const int dp : {1, 2, 3}) {
    RunSpec spec = small_spec("fp32", dp);
    spec.train.global_batch_size = std::nullopt;
    spec.train.per_device_train_batch_size = 0;
    spec.train.tokens_per_microbatch = 40;
    spec.train.gradient_accumulation_steps = 2;
    const JobPlan plan = small_plan(spec, 64);
    EXPECT_EQ(plan.batch.global_batch, 40 * 2 * dp / 14);
    EXPECT_EQ(documents_of_epoch(plan, split, dp), every) << dp;
    const BatchSource source(plan, split, dp, 0);
    for (std::int64_t step = 0; step < plan.batch.steps_per_epoch; ++step)
      for (const auto& documents : source.micro_batches(step))
        EXPECT_LE(source.pack(documents, step).tokens(), 40);
  }
}

TEST(CutByTokens, takes_as_many_whole_documents_as_the_budget_holds) {
  EXPECT_EQ(cut_by_tokens({3, 4, 5, 9}, 8), (std::vector<Extent>{{0, 2}, {2, 3}, {3, 4}}));
  EXPECT_EQ(cut_by_tokens({8, 8}, 8), (std::vector<Extent>{{0, 1}, {1, 2}}));
  EXPECT_TRUE(cut_by_tokens({}, 8).empty());
}

TEST(DealByLength, gives_ranks_nearly_the_same_number_of_tokens) {
  EXPECT_EQ(deal_by_length({9, 1, 8, 2}, 2), (std::vector<int>{0, 0, 1, 1}));
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < 64; ++i) lengths.push_back(4 + i * i % 29);
  for (const int dp : {1, 2, 3, 16, 64}) {
    std::vector<std::int64_t> tokens(std::size_t(dp), 0);
    const std::vector<int> rank_of = deal_by_length(lengths, dp);
    for (std::size_t i = 0; i < lengths.size(); ++i) tokens[std::size_t(rank_of[i])] += lengths[i];
    const auto [least, most] = std::minmax_element(tokens.begin(), tokens.end());
    EXPECT_GT(*least, 0);
    EXPECT_LE(*most - *least, 32) << dp;
  }
}

}  // namespace temper
