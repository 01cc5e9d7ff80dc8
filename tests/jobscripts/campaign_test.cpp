#include "jobscripts/campaign.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "jobscripts/study_table.hpp"

namespace temper {

namespace {

Json result(const std::string& state, double value, const std::string& purpose = "search") {
  return {{"state", state},
          {"purpose", purpose},
          {"outcome", state},
          {"metrics", {{"eval/accuracy", value}}}};
}

std::vector<Trial> trials(std::initializer_list<const char*> ids) {
  std::vector<Trial> all;
  for (const char* id : ids) {
    Trial trial;
    trial.id = id;
    trial.setting = {{"train.seed", Json(id)}};
    all.push_back(trial);
  }
  return all;
}

}  // namespace

TEST(Campaign, ranks_what_is_done_and_keeps_the_order_of_ties) {
  const std::vector<Trial> all = trials({"a", "b", "c", "d", "e"});
  const Results results{{"a", result("done", 0.5)},
                        {"b", result("failed", 0.9)},
                        {"c", result("done", 0.7)},
                        {"d", result("done", 0.7)}};
  EXPECT_EQ(best_first(all, results, "eval/accuracy", true), (std::vector<std::size_t>{2, 3, 0}));
  EXPECT_EQ(best_first(all, results, "eval/accuracy", false), (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_TRUE(best_first(all, results, "eval/f1", true).empty());
  const auto settings = settings_of(all, {2, 3, 0}, 2);
  ASSERT_EQ(settings.size(), 2u);
  EXPECT_EQ(settings[1].at("train.seed"), "d");
}

TEST(Campaign, a_metric_that_is_no_number_does_not_win) {
  const Results results{{"a", result("done", std::numeric_limits<double>::quiet_NaN())},
                        {"b", result("done", 0.1)}};
  EXPECT_EQ(best_first(trials({"a", "b"}), results, "eval/accuracy", true),
            (std::vector<std::size_t>{1}));
}

TEST(Campaign, a_confirmation_is_not_over_by_a_search_of_the_same_setting) {
  Trial trial = trials({"a"})[0];
  const Results searched{{"a", result("done", 0.5, "search")}};
  const Results confirmed{{"a", result("done", 0.5, "confirm")}};
  EXPECT_TRUE(is_over(trial, searched));
  EXPECT_TRUE(is_over(trial, confirmed));
  trial.purpose = "confirm";
  EXPECT_FALSE(is_over(trial, searched));
  EXPECT_TRUE(is_over(trial, confirmed));
}

TEST(Campaign, diverged_trials_are_over_other_failures_are_not) {
  const Trial trial = trials({"a"})[0];
  Json diverged = result("failed", 0);
  diverged["outcome"] = "diverged";
  EXPECT_TRUE(is_over(trial, {{"a", diverged}}));
  EXPECT_FALSE(is_done(trial, {{"a", diverged}}));
  diverged["outcome"] = "lost_rank";
  EXPECT_FALSE(is_over(trial, {{"a", diverged}}));
}

TEST(Campaign, differences_are_named_key_by_key) {
  const Json before = {{"train", {{"seed", 1}, {"old", 2}}}, {"same", {1, 2}}};
  const Json now = {{"train", {{"seed", 3}, {"fresh", true}}}, {"same", {1, 2}}};
  EXPECT_EQ(differences(before, now),
            (std::vector<std::string>{"train.fresh: true is new", "train.seed: 1 -> 3",
                                      "train.old: 2 is gone"}));
}

TEST(StudyTable, names_a_layout_before_the_rest_of_its_setting) {
  EXPECT_EQ(setting_text({{"checkpoint.load_best_model_at_end", false},
                          {"parallel.ranks", 2},
                          {"train.lr_scheduler_type", "cosine"}}),
            "ranks 2, load_best_model_at_end false, lr_scheduler_type cosine");
}

TEST(StudyTable, fits_eighty_columns_whatever_the_setting) {
  StudyView view{.folder = {"runs/x"}, .study = {}, .results = {}, .histories = {}, .run_by = {}};
  view.study = {{"name", "x"},
                {"objective", "eval/balanced_accuracy"},
                {"greater_is_better", true},
                {"best", "aaaaaaaa"},
                {"trials", Json::array()}};
  for (int i = 0; i < 60; ++i) {
    const std::string id = i == 0 ? "aaaaaaaa" : "trial" + std::to_string(i);
    view.study["trials"].push_back(
        {{"trial", id},
         {"purpose", "search"},
         {"setting", {{"model.model_name_or_path", std::string(90, 'x')}, {"train.seed", i}}}});
    view.results[id] = {{"state", "done"}, {"metrics", {{"eval/balanced_accuracy", 1e9 * i}}}};
  }
  const std::string table = study_table(view);
  std::size_t begin = 0, rows = 0;
  for (std::size_t end; (end = table.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_LE(end - begin, 80u) << table.substr(begin, end - begin);
    ++rows;
  }
  EXPECT_EQ(rows, 23u) << table;
  EXPECT_NE(table.find("trial59"), std::string::npos) << "the best rows are shown";
}

}  // namespace temper
