#include "analysis/word_baseline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace temper {

TEST(WordBaseline, features_are_hashes_of_words_and_neighbouring_pairs) {
  // FNV-1a 64 by its published test values: "a" af63dc4c8601ec8c, "b" af63df4c8601f1a5.
  std::vector<std::uint32_t> features;
  word_features("a", features);
  EXPECT_EQ(features, std::vector<std::uint32_t>{0x8601ec8cu & 0x3ffffu});
  word_features("b a b a", features);  // a, b, "b a", "a b": each once
  EXPECT_EQ(features.size(), 4u);
  EXPECT_TRUE(std::is_sorted(features.begin(), features.end()));
  EXPECT_NE(std::find(features.begin(), features.end(), 0x8601f1a5u & 0x3ffffu), features.end());
  word_features("", features);
  EXPECT_TRUE(features.empty());
}

TEST(WordBaseline, one_row_is_trained_as_worked_by_hand) {
  // One row, one feature, two classes: four steps of w -= rate (p - y), rate 0.3, 0.225, 0.15,
  // 0.075.
  FeatureRows rows;
  rows.add("x", 1);
  WordBaseline model(2);
  model.train(rows, 3);
  double difference = 0;  // w1 - w0
  for (const double rate : {0.3, 0.225, 0.15, 0.075})
    difference += 2 * rate * (1 - 1 / (1 + std::exp(-difference)));
  const std::vector<double> p = model.probabilities("x");
  EXPECT_NEAR(p[1], 1 / (1 + std::exp(-difference)), 1e-6);
  EXPECT_NEAR(p[0] + p[1], 1, 1e-6);
  EXPECT_NEAR(model.probabilities("never seen")[0], 0.5, 1e-6);
}

TEST(WordBaseline, learns_what_pairs_alone_can_tell) {
  // The class is whether neighbouring words are equal: no single word knows.
  FeatureRows rows;
  for (int i = 0; i < 4000; ++i) {
    const std::string a(1, char('a' + i % 5)), b(1, char('a' + i / 5 % 5));
    rows.add(a + " " + b, a == b);
  }
  WordBaseline model(2);
  std::int64_t seen = 0;
  model.train(rows, 1, [&](std::int64_t n) { seen += n; });
  EXPECT_EQ(seen, WordBaseline::kEpochs * 4000);
  EXPECT_GT(model.probabilities("c c")[1], 0.8);
  EXPECT_LT(model.probabilities("c d")[1], 0.2);
}

TEST(WordBaseline, order_and_result_follow_from_the_seed) {
  FeatureRows rows;
  for (int i = 0; i < 300; ++i)
    rows.add("w" + std::to_string(i % 17) + " v" + std::to_string(i % 5), i % 3);
  WordBaseline one(3), same(3), other(3);
  one.train(rows, 1);
  same.train(rows, 1);
  other.train(rows, 2);
  EXPECT_EQ(one.weights(), same.weights());
  EXPECT_NE(one.weights(), other.weights());
}

}  // namespace temper
