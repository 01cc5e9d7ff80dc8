#include "text/cleaning.hpp"

#include <gtest/gtest.h>

namespace temper {

namespace {
std::string cleaned(CleaningKind kind, std::string text) {
  const std::string before = text;
  const bool changed = apply_cleaning(kind, text);
  EXPECT_EQ(changed, text != before);
  return text;
}
std::string first_problem(const std::vector<std::string>& steps) {
  const auto parsed = parse_cleaning_steps(steps);
  return parsed ? "" : parsed.problems().front().text();
}
}  // namespace

TEST(Cleaning, normal_forms_compose) {
  EXPECT_EQ(cleaned(CleaningKind::nfc, "e\u0301 ﬁ"), "é ﬁ");
  EXPECT_EQ(cleaned(CleaningKind::nfkc, "e\u0301 ﬁ x²"), "é fi x2");
  EXPECT_EQ(cleaned(CleaningKind::nfc, "plain"), "plain");
}

TEST(Cleaning, control_characters_go_and_joiners_of_scripts_stay) {
  EXPECT_EQ(cleaned(CleaningKind::control, "a\x01\x7F\u0085b\tc\nd"), "a\u0085b\tc\nd");
  EXPECT_EQ(cleaned(CleaningKind::control, "\uFEFFa\u200Bb\u00ADc\u202Ed"), "abcd");
  EXPECT_EQ(cleaned(CleaningKind::control, "👩\u200D🚀 می\u200Cخواهم"), "👩\u200D🚀 می\u200Cخواهم");
  EXPECT_EQ(cleaned(CleaningKind::control, "a\u200Db\u200D"), "ab");
}

TEST(Cleaning, white_space_is_collapsed_or_trimmed) {
  EXPECT_EQ(cleaned(CleaningKind::whitespace, " \u3000a \t\n b\u00A0"), "a b");
  EXPECT_EQ(cleaned(CleaningKind::trim, "\u2003 a  b \n"), "a  b");
  EXPECT_EQ(cleaned(CleaningKind::trim, " \n "), "");
  EXPECT_EQ(cleaned(CleaningKind::whitespace, ""), "");
  EXPECT_EQ(cleaned(CleaningKind::line_endings, "a\r\nb\rc\r\r\n"), "a\nb\nc\n\n");
}

TEST(Cleaning, blank_texts_have_no_visible_character) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank(" \u200B\uFEFF\t\u00A0\u0007"));
  EXPECT_FALSE(is_blank(" ."));
  EXPECT_EQ(count_characters("aé😀"), 3);
}

TEST(Cleaning, keys_join_what_is_the_same_text) {
  EXPECT_EQ(comparison_key(" A  cat\n"), comparison_key("A cat"));
  EXPECT_EQ(comparison_key("e\u0301"), comparison_key("é"));
  EXPECT_NE(comparison_key("a cat"), comparison_key("A cat"));
  EXPECT_NE(comparison_key("x = 1"), comparison_key("x == 1"));
  EXPECT_EQ(word_key("A feline, mammal!"), "a feline mammal");
  EXPECT_EQ(word_key("snake_case isn't 3.5"), "snake_case isn t 3 5");
  EXPECT_EQ(word_key("  ÉTÉ  straße "), "été straße");
  EXPECT_EQ(word_key(":-)  "), ":-)");
}

TEST(CleaningSteps, unknown_and_doubled_steps_are_problems) {
  EXPECT_EQ(first_problem({"nfc", "control", "whitespace", "drop_empty", "drop_long:9", "drop_long",
                           "dedup"}),
            "");
  EXPECT_EQ(first_problem({"dedupe"}),
            "data.clean: unknown step \"dedupe\". Did you mean \"dedup\"?");
  EXPECT_NE(first_problem({"sparkle"}).find("There are line_endings, nfc"), std::string::npos);
  EXPECT_NE(first_problem({"nfc", "nfc"}).find("twice"), std::string::npos);
  EXPECT_NE(first_problem({"nfc:3"}).find("no number"), std::string::npos);
  for (const char* step : {"drop_long:", "drop_long:0", "drop_long:-1", "drop_long:9x"})
    EXPECT_NE(first_problem({step}).find("drop_long:2000"), std::string::npos) << step;
  EXPECT_EQ(parse_cleaning_steps({"drop_long:2000"}).value()[0].most_characters, 2000);
}

}  // namespace temper
