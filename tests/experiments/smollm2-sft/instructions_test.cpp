#include "experiments/smollm2-sft/instructions.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

namespace temper {

namespace {

Nouns some_nouns() {
  return {"",
          {{"n1", "cat", "a feline mammal", 5},
           {"n2", "Bank", "sloping land", 17},
           {"n3", "bank", "a financial institution", 14},
           {"n4", "dog", "a feline, mammal", 5},
           {"n5", "nothing", "", 9}}};
}

}  // namespace

TEST(Instructions, ask_for_nouns_that_name_one_thing) {
  const std::vector<Instruction> all = instructions_of(some_nouns());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(
      to_line(all[0]),
      "{\"id\":\"n1\",\"messages\":[{\"role\":\"user\",\"content\":\"Define the noun: cat.\"},"
      "{\"role\":\"assistant\",\"content\":\"a feline mammal\"}]}\n");
  EXPECT_EQ(all[0].split, all[1].split);
}

TEST(Instructions, a_part_is_kept_by_position_in_the_order_of_the_file) {
  std::vector<Instruction> all;
  for (const double position : {0.3, 0.1, 0.7, 0.2})
    all.push_back({std::to_string(all.size()), "", "", Split::train, position});
  const std::vector<Instruction> kept = of_split(all, Split::train, 2);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].id, "1");
  EXPECT_EQ(kept[1].id, "3");
  EXPECT_EQ(of_split(all, Split::train, 0).size(), 4u);
  EXPECT_TRUE(of_split(all, Split::test, 2).empty());
}

TEST(Instructions, no_question_and_no_answer_of_wordnet_stands_in_two_splits) {
  std::ifstream file("/usr/share/wordnet/data.noun");
  if (!file) GTEST_SKIP() << "WordNet is not installed";
  const std::vector<Instruction> all = instructions_of(read_nouns(file, "data.noun"));
  std::map<std::string, std::set<Split>> splits;
  std::map<Split, std::size_t> rows;
  for (const Instruction& each : all) {
    splits[each.question].insert(each.split);
    splits[split_key(each.answer)].insert(each.split);
    ++rows[each.split];
  }
  for (const auto& [text, where] : splits) EXPECT_EQ(where.size(), 1u) << text;
  EXPECT_GT(rows[Split::train], 8000u);
  EXPECT_GT(rows[Split::validation], 500u);
  EXPECT_GT(rows[Split::test], 500u);
}

}  // namespace temper
