// `temper-rank prepare` and what it leaves.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>

#include "apps/rank_command.hpp"
#include "core/file.hpp"
#include "io/token_store.hpp"
#include "plan/store_card.hpp"
#include "support/temporary_folder.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

class RankPrepare : public testing::Test {
 protected:
  void SetUp() override {
    root_ = world_.broadcast_text(folder_.path().string(), 0);
    if (world_.rank() == 0) {
      for (const char* name : {"train", "eval", "test"}) {
        std::string rows;
        for (int i = 0; i < (name[1] == 'r' ? 3000 : 40); ++i)
          rows += Json{{"text", i % 4 == 0 ? "small plant with flowers " + std::to_string(i)
                                           : "a person who is " + std::to_string(i)},
                       {"label", i % 4 == 0 ? "plant" : "person"}}
                      .dump() +
                  "\n";
        folder_.write(std::string(name) + ".jsonl", rows);
      }
      const Json recipe = {{"format", "temper-recipe/1"},
                           {"data",
                            {{"train_file", {(root_ / "train.jsonl").string()}},
                             {"validation_file", {(root_ / "eval.jsonl").string()}},
                             {"test_file", {(root_ / "test.jsonl").string()}}}},
                           {"task", "sequence-classification"},
                           {"tokenizer", TEMPER_SOURCE_DIR "/tests/text/data/small_wordpiece.json"},
                           {"max_length", 16},
                           {"vocab_size", 2004},
                           {"label_names", Json::array()},
                           {"source_sha256", Json::object()}};
      folder_.write("recipe.json", recipe.dump());
    }
    world_.barrier();
  }
  void TearDown() override { world_.barrier(); }
  std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    if (fs::exists(folder))
      for (const auto& entry : fs::recursive_directory_iterator(folder))
        names.push_back(entry.path().lexically_relative(folder).string());
    std::sort(names.begin(), names.end());
    return names;
  }

  Group world_ = Group::world();
  TemporaryFolder folder_;
  fs::path root_;
};

std::vector<Json> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<Json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

}  // namespace

TEST_F(RankPrepare, leaves_store_card_and_baselines_and_nothing_else) {
  for (int again = 0; again < 2; ++again)  // the second replaces the first
    ASSERT_EQ(run_rank_prepare(world_, root_ / "recipe.json", root_ / "out/a.h5"), Outcome::done);
  EXPECT_EQ(names_in(root_ / "out"),
            (std::vector<std::string>{"a.baselines", "a.baselines/bigram-logistic-eval.jsonl",
                                      "a.baselines/bigram-logistic-test.jsonl",
                                      "a.baselines/majority-eval.jsonl",
                                      "a.baselines/majority-test.jsonl", "a.h5", "a.json"}));
  const StoreCard card = value_or_throw(read_store_card(root_ / "out/a.json"));
  const TokenStore store(root_ / "out/a.h5");
  EXPECT_EQ(to_json(card), to_json(store.card()));
  const DataFacts facts = data_facts(card);
  EXPECT_EQ(facts.documents, 3000);
  EXPECT_EQ(facts.eval_documents, 40);
  EXPECT_EQ(facts.label_names, (std::vector<std::string>{"person", "plant"}));
  const auto bigram = lines_of(root_ / "out/a.baselines/bigram-logistic-test.jsonl");
  const auto majority = lines_of(root_ / "out/a.baselines/majority-test.jsonl");
  ASSERT_EQ(bigram.size(), 40u);
  ASSERT_EQ(majority.size(), 40u);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(bigram[i]["id"], "test.jsonl:" + std::to_string(i + 1));
    EXPECT_EQ(bigram[i]["label"], i % 4 == 0 ? 1 : 0);
    EXPECT_EQ(bigram[i]["prediction"], bigram[i]["label"]);  // the words give it away
    EXPECT_NEAR(bigram[i]["scores"][0].get<double>() + bigram[i]["scores"][1].get<double>(), 1,
                1e-6);
    EXPECT_EQ(majority[i]["prediction"], 0);
    EXPECT_EQ(majority[i]["scores"][0], 0.75);
  }
}

TEST_F(RankPrepare, a_full_disk_is_an_io_error_and_leaves_nothing) {
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  for (const rlim_t most : {rlim_t{1000}, rlim_t{20000}}) {
    const rlimit tight{most, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
    Outcome outcome = Outcome::done;
    std::string words;
    try {
      run_rank_prepare(world_, root_ / "recipe.json", root_ / "full/a.h5");
    } catch (const AgreedFailure& failure) {
      outcome = failure.outcome();
      words = failure.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(outcome, Outcome::io_error);
    EXPECT_NE(words.find("File too large (the store needs"), std::string::npos) << words;
    world_.barrier();
    EXPECT_EQ(names_in(root_ / "full"), std::vector<std::string>{});
    world_.barrier();
  }
}

TEST_F(RankPrepare, inspect_prints_one_object_with_verified_content) {
  ASSERT_EQ(run_rank_prepare(world_, root_ / "recipe.json", root_ / "out/a.h5"), Outcome::done);
  if (world_.rank() != 0) return;
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_rank_inspect(root_ / "out/a.h5", 3), Outcome::done);
  const Json shown = Json::parse(testing::internal::GetCapturedStdout());
  EXPECT_EQ(shown["verified"], true);
  EXPECT_EQ(shown["splits"][0]["documents"], 3000);
  EXPECT_EQ(shown["splits"][0]["classes"][1]["documents"], 750);
  EXPECT_EQ(shown["splits"][0]["imbalance_ratio"], 3);
  ASSERT_EQ(shown["samples"].size(), 3u);
  const std::string text = shown["samples"][0]["text"];
  EXPECT_TRUE(text.starts_with("small plant with flowers") || text.starts_with("a person who is"))
      << text;
}

}  // namespace temper
