// The recipe of WN24: a sample worked by hand, and the published sizes where WordNet is installed.
#include "experiments/wn24/definitions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/file.hpp"
#include "core/json.hpp"

namespace temper {
namespace {

namespace fs = std::filesystem;

const fs::path kWordNet = "/usr/share/wordnet";
const char* const kSample =
    "  1 This software and database is being provided to you, the LICENSEE, by  \n"
    "  2 Princeton University under the following license.  \n"
    "00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | that which is perceived (living or not)  \n"
    "02121620 05 n 02 cat 0 true_cat 0 001 @ 02120997 n 0000 | feline mammal; can roar  \n"
    "00006269 26 n 01 wild_life 0 000 | living things ; \"the oceans teem\"; \"full of life\"  \n"
    "09179776 16 n 01 urge 1 000 | \"only an example\"  \n";

Nouns sample() {
  std::istringstream file(kSample);
  return read_nouns(file, "data.noun");
}

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "temper-wn24-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

int recipe(const std::string& options) {
  const std::string program = TEMPER_BINARY_DIR "/bin/wn24-recipe ";
  return std::system((program + options + " >/dev/null 2>&1").c_str());
}

std::string content(const fs::path& path) { return value_or_throw(read_text_file(path)); }

std::vector<Json> rows_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<Json> rows;
  for (std::string line; std::getline(file, line);) rows.push_back(Json::parse(line));
  return rows;
}

bool wordnet_is_here() { return fs::exists(kWordNet / "data.noun"); }

}  // namespace

TEST(Wn24, definitions_end_before_their_first_example) {
  const Nouns nouns = sample();
  ASSERT_EQ(nouns.rows.size(), 4u);
  EXPECT_EQ(nouns.rows[0].definition, "that which is perceived (living or not)");
  EXPECT_EQ(nouns.rows[1].definition, "feline mammal; can roar");
  EXPECT_EQ(nouns.rows[1].id, "n02121620");
  EXPECT_EQ(nouns.rows[1].term, "cat");
  EXPECT_EQ(nouns.rows[1].lexicographer, 5);
  EXPECT_EQ(nouns.rows[2].definition, "living things");
  EXPECT_EQ(nouns.rows[2].term, "wild life");
  EXPECT_EQ(nouns.rows[3].definition, "");
}

TEST(Wn24, the_notice_is_kept_without_line_numbers) {
  EXPECT_EQ(sample().license,
            "This software and database is being provided to you, the LICENSEE, by\n"
            "Princeton University under the following license.\n");
}

TEST(Wn24, lines_of_another_format_are_named_all_at_once) {
  std::istringstream file(
      "00001740 03 n 01 entity 0 000 | fine\n00001740 03 v 01 run 0 000 | a verb\nno gloss\n"
      "00001740 29 n 01 run 0 000 | a class of verbs\n");
  try {
    read_nouns(file, "data.noun");
    FAIL() << "accepted";
  } catch (const BadInput& error) {
    ASSERT_EQ(error.problems().size(), 3u);
    EXPECT_EQ(error.problems()[0].where, "data.noun:2");
    EXPECT_EQ(error.problems()[2].where, "data.noun:4");
  }
  std::istringstream nothing;
  EXPECT_THROW(read_nouns(nothing, "data.noun"), BadInput);
}

TEST(Wn24, keys_are_lower_cased_words_and_positions_their_hash) {
  EXPECT_EQ(split_key("A feline, mammal"), "wn3|a feline mammal");
  EXPECT_EQ(split_key("(the 2nd) x_y-z's ..."), "wn3|the 2nd x_y z s");
  EXPECT_EQ(split_key(""), "wn3|");
  EXPECT_NEAR(split_position("wn3|a feline mammal"), 0.7620323, 5e-8);
  EXPECT_EQ(split_at(0.7620323), Split::train);
  EXPECT_EQ(split_at(0.8), Split::validation);
  EXPECT_EQ(split_at(0.9), Split::test);
}

TEST(Wn24, classes_are_the_lexicographer_files_of_nouns) {
  EXPECT_EQ(noun_class(3), "noun.Tops");
  EXPECT_EQ(noun_class(18), "noun.person");
  EXPECT_EQ(noun_class(28), "noun.time");
  EXPECT_EQ(noun_class(2), "");
  EXPECT_EQ(noun_class(29), "");
  EXPECT_EQ(classes_of_task("wn24").size(), 24u);
  EXPECT_EQ(classes_of_task("wn25").size(), 25u);
  EXPECT_EQ(classes_of_task("wn8"), (std::vector<int>{4, 5, 6, 10, 15, 18, 20, 26}));
  EXPECT_TRUE(classes_of_task("wn9").empty());
}

TEST(Wn24Recipe, reproduces_the_published_sizes) {
  if (!wordnet_is_here()) GTEST_SKIP() << "WordNet is not installed (Debian: wordnet-base)";
  const Folder folder;
  const std::map<std::string, std::array<std::size_t, 3>> sizes{
      {"wn24", {65467, 8244, 8311}}, {"wn25", {65496, 8253, 8315}}, {"wn8", {45722, 5736, 5765}}};
  for (const auto& [task, expected] : sizes) {
    ASSERT_EQ(recipe("--task " + task + " --output " + folder.path().string()), 0);
    std::size_t i = 0;
    for (const char* split : {"train", "validation", "test"}) {
      const std::string lines = content(folder.path() / (std::string(split) + ".jsonl"));
      EXPECT_EQ(std::size_t(std::count(lines.begin(), lines.end(), '\n')), expected[i++]) << split;
    }
  }
}

TEST(Wn24Recipe, writes_whole_rows_with_the_licence_beside_them) {
  if (!wordnet_is_here()) GTEST_SKIP() << "WordNet is not installed (Debian: wordnet-base)";
  const Folder folder;
  ASSERT_EQ(recipe("--output " + folder.path().string()), 0);
  std::set<std::string> classes;
  for (const Json& row : rows_of(folder.path() / "test.jsonl")) {
    classes.insert(row["class"].get<std::string>());
    EXPECT_EQ(row["class"], noun_class(row["lexicographer"].get<int>()));
  }
  EXPECT_EQ(classes.size(), 24u);
  const Json first = rows_of(folder.path() / "test.jsonl").front();
  EXPECT_EQ(first["id"], "n00035891");
  EXPECT_EQ(first["definition"],
            "the action of alienating; the action of causing to become unfriendly");
  EXPECT_EQ(first["class"], "noun.act");
  EXPECT_NE(content(folder.path() / "LICENSE").find("WordNet 3.0 Copyright 2006"),
            std::string::npos);
}

TEST(Wn24Recipe, keeps_a_sample_and_leaves_equal_files_alone) {
  if (!wordnet_is_here()) GTEST_SKIP() << "WordNet is not installed (Debian: wordnet-base)";
  const Folder folder;
  const std::string options = "--task wn8 --train-rows 400 --output " + folder.path().string();
  ASSERT_EQ(recipe(options), 0);
  EXPECT_EQ(rows_of(folder.path() / "train.jsonl").size(), 400u);
  EXPECT_EQ(rows_of(folder.path() / "test.jsonl").size(), 50u);
  const auto written = fs::last_write_time(folder.path() / "train.jsonl");
  ASSERT_EQ(recipe(options), 0);
  EXPECT_EQ(fs::last_write_time(folder.path() / "train.jsonl"), written);
}

TEST(Wn24Recipe, refuses_a_folder_without_wordnet_and_leaves_nothing) {
  const Folder folder;
  const std::string output = (folder.path() / "data").string();
  EXPECT_NE(recipe("--wordnet " + folder.path().string() + " --output " + output), 0);
  EXPECT_FALSE(fs::exists(output));
}

}  // namespace temper
