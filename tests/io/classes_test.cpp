#include "io/prepare/classes.hpp"

#include <gtest/gtest.h>

namespace temper {

namespace {

struct Seen {
  std::string label;
  std::array<std::int64_t, 3> counts;
};

LabelTable table_of(const std::vector<Seen>& seen, bool integers = false) {
  LabelTable table;
  for (const Seen& each : seen) {
    LabelFacts& facts = table[each.label];
    facts.counts = each.counts;
    facts.integer = integers;
    constexpr const char* files[3] = {"train.csv:", "eval.csv:", "test.csv:"};
    for (std::size_t s = 0; s < 3; ++s)
      if (each.counts[s] > 0) facts.first[s] = files[s] + std::to_string(10 + table.size());
  }
  return table;
}

std::vector<std::int32_t> numbers_of(const ClassPlan& plan,
                                     const std::vector<std::string>& labels) {
  std::vector<std::int32_t> numbers;
  for (const std::string& label : labels) numbers.push_back(plan.number.at(label));
  return numbers;
}

std::string problem_of(const LabelTable& labels, const ClassNames& names) {
  const auto plan = plan_classes(labels, names);
  return plan ? "" : to_text(plan.problems());
}

using Names = std::vector<std::string>;
using Numbers = std::vector<std::int32_t>;

}  // namespace

TEST(Classes, texts_are_sorted) {
  const auto plan =
      value_or_throw(plan_classes(table_of({{"b", {1}}, {"a", {2}}, {"10", {3}}}), {}));
  EXPECT_EQ(plan.names, (Names{"10", "a", "b"}));
  EXPECT_EQ(numbers_of(plan, {"b", "a", "10"}), (Numbers{2, 1, 0}));
}

TEST(Classes, integers_are_class_numbers_as_they_are) {
  const LabelTable labels = table_of({{"0", {1}}, {"10", {1}}, {"2", {1}}}, true);
  const auto plan = value_or_throw(plan_classes(labels, {}));
  EXPECT_EQ(plan.names.size(), 11u);
  EXPECT_EQ(numbers_of(plan, {"0", "2", "10"}), (Numbers{0, 2, 10}));
  EXPECT_NE(problem_of(table_of({{"-1", {1}}, {"1", {1}}}, true), {}).find("no class number"),
            std::string::npos);
}

TEST(Classes, label_names_give_order_or_name_the_integers) {
  const LabelTable texts = table_of({{"neg", {1}}, {"pos", {1}}});
  const auto ordered = value_or_throw(plan_classes(texts, {{}, {"pos", "neg", "other"}}));
  EXPECT_EQ(ordered.names, (Names{"pos", "neg", "other"}));
  EXPECT_EQ(numbers_of(ordered, {"neg", "pos"}), (Numbers{1, 0}));
  const LabelTable integers = table_of({{"0", {1}}, {"1", {1}}}, true);
  const auto named = value_or_throw(plan_classes(integers, {{}, {"pos", "neg"}}));
  EXPECT_EQ(named.names, (Names{"pos", "neg"}));
  EXPECT_EQ(numbers_of(named, {"0", "1"}), (Numbers{0, 1}));
  const auto reversed = value_or_throw(plan_classes(integers, {{}, {"1", "0"}}));
  EXPECT_EQ(numbers_of(reversed, {"0", "1"}), (Numbers{1, 0}));
  const std::string lacking = problem_of(texts, {{}, {"positive", "neg"}});
  EXPECT_NE(lacking.find("data.label_names: lacks \"pos\", the label of train.csv:12"),
            std::string::npos)
      << lacking;
}

TEST(Classes, the_models_own_head_wins_where_it_fits) {
  const LabelTable texts = table_of({{"neg", {1}}, {"pos", {1}}});
  const auto own = value_or_throw(plan_classes(texts, {{"pos", "neu", "neg"}, {"neg", "pos"}}));
  EXPECT_EQ(own.names, (Names{"pos", "neu", "neg"}));
  EXPECT_EQ(numbers_of(own, {"neg", "pos"}), (Numbers{2, 0}));
  const auto other = value_or_throw(plan_classes(texts, {{"spam", "ham"}, {}}));
  EXPECT_EQ(other.names, (Names{"neg", "pos"}));
  const LabelTable integers = table_of({{"0", {1}}, {"1", {1}}}, true);
  EXPECT_EQ(value_or_throw(plan_classes(integers, {{"NEG", "POS"}, {}})).names,
            (Names{"NEG", "POS"}));
}

TEST(Classes, a_label_that_training_lacks_is_one_clear_error) {
  const std::string words =
      problem_of(table_of({{"a", {5}}, {"b", {5}}, {"c", {0, 0, 2}}, {"d", {0, 1, 1}}}), {});
  EXPECT_EQ(words,
            "eval.csv:14: eval has 1 row of \"d\", which train lacks (what training never shows "
            "cannot be learned). Drop those rows, or add training rows?\n"
            "test.csv:13: test has 3 rows of \"c\", \"d\", which train lacks (what training never "
            "shows cannot be learned). Drop those rows, or add training rows?\n");
}

TEST(Classes, one_class_alone_or_a_class_for_each_row_is_no_classification) {
  EXPECT_NE(problem_of(table_of({{"a", {5}}}), {}).find("nothing to tell apart"),
            std::string::npos);
  LabelTable many;
  for (int i = 0; i < 70000; ++i) many["x" + std::to_string(i)].counts = {1};
  EXPECT_NE(problem_of(many, {}).find("70000 different labels"), std::string::npos);
}

}  // namespace temper
