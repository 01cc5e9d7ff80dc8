// Against seqeval, recorded by tests/oracles/entities.py, and by hand.
#include "analysis/entities.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/json.hpp"

namespace temper {

using Tags = std::vector<std::string>;

TEST(Entities, equal_seqeval_on_random_tags) {
  const Json recorded = value_or_throw(read_json_file(
      std::filesystem::path(TEMPER_SOURCE_DIR) / "tests" / "analysis" / "data" / "entities.json"));
  ASSERT_EQ(recorded["cases"].size(), 12u);
  for (const Json& one : recorded["cases"]) {
    EntityCounts counts;
    for (std::size_t i = 0; i < one["truth"].size(); ++i)
      counts += count_entities(one["truth"][i].get<Tags>(), one["guess"][i].get<Tags>());
    EXPECT_NEAR(counts.precision(), one["precision"].get<double>(), 1e-15);
    EXPECT_NEAR(counts.recall(), one["recall"].get<double>(), 1e-15);
    EXPECT_NEAR(counts.f1(), one["f1"].get<double>(), 1e-15);
  }
}

TEST(Entities, an_entity_is_found_when_kind_and_both_ends_agree) {
  const Tags truth{"B-A", "I-A", "O", "B-A", "B-A", "I-B"};  // three of A, one of B
  EXPECT_EQ(count_entities(truth, truth).found, 4);
  const EntityCounts shorter = count_entities(truth, {"B-A", "O", "O", "B-A", "B-A", "B-B"});
  EXPECT_EQ(shorter.truth, 4);
  EXPECT_EQ(shorter.predicted, 4);
  EXPECT_EQ(shorter.found, 3);
  EXPECT_EQ(count_entities({"O"}, {"O"}).f1(), 0);
}

TEST(Entities, tags_are_told_from_other_classes) {
  EXPECT_TRUE(are_entity_tags({"O", "B-PER", "I-PER"}));
  EXPECT_FALSE(are_entity_tags({"NOUN", "VERB"}));
  EXPECT_FALSE(are_entity_tags({"O", "B-"}));
  EXPECT_FALSE(are_entity_tags({}));
}

}  // namespace temper
