// The plan of a whole study, and what `temper plan` prints for it.
#include "experiments/study_plan.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "apps/plan_text.hpp"
#include "support/study_folder.hpp"

namespace temper {

const Machine kMachine{.cores = 2, .memory_bytes = std::int64_t{4} << 30};
const std::string kStudy =
    "[parallel]\nranks = 2\n[search]\nmethod = \"grid\"\n[search.space]\n"
    "\"train.learning_rate\" = [1e-4, 2e-4]\n[confirm]\nseeds = [1]\n"
    "[cost]\ncurrency = \"EUR\"\nprice_per_core_hour = 0.5\n";

TEST(StudyPlan, stages_share_one_store_and_know_their_purpose) {
  const StudyFolder folder;
  const Study study = value_or_throw(read_study(folder.manifest(kStudy)));
  TrialPlanner planner(study, kMachine);
  const Trial search = value_or_throw(expand_search(study)).at(0);
  const Trial confirm = value_or_throw(expand_confirm(study, {search.setting})).at(0);
  const JobPlan first = value_or_throw(planner.plan(search));
  const JobPlan again = value_or_throw(planner.plan(confirm));
  EXPECT_EQ(first.store, again.store);
  EXPECT_FALSE(first.evaluate_test);
  EXPECT_FALSE(first.save_model);
  EXPECT_TRUE(again.evaluate_test);
  EXPECT_TRUE(again.save_model);
  EXPECT_EQ(first.batch.global_batch, 16);
  EXPECT_EQ(first.study, "small");
  EXPECT_EQ(again.purpose, "confirm");
  EXPECT_FALSE(value_or_throw(planner.store_of(search)).prepared());
}

TEST(StudyPlan, what_is_printed_has_80_columns_and_every_part) {
  const StudyFolder folder;
  const Study study = value_or_throw(read_study(folder.manifest(kStudy)));
  const std::string text = plan_text(study, value_or_throw(plan_study(study, kMachine)), {});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  for (const char* part :
       {"search: grid, 2 trials", "confirm: the best setting again, 1 trial",
        "7 steps of 16 documents (2 ranks x 1 micro-batch x 8)",
        "2 ranks: pp 1 x dp 2 x tp 1, ZeRO 1, 1 thread each, fp32", "word_embeddings",
        "memory of the fullest rank", "optimizer", "about 5 classes", " EUR", "total: 3 trials"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(StudyPlan, json_names_every_trial_with_its_units) {
  const StudyFolder folder;
  const Study study = value_or_throw(read_study(folder.manifest(kStudy)));
  const Json json = plan_json(study, value_or_throw(plan_study(study, kMachine)), kMachine);
  ASSERT_EQ(json.at("stages").size(), 2u);
  EXPECT_EQ(json["stages"][0]["trials"].size(), 2u);
  EXPECT_EQ(json["stages"][0]["trials"][0]["steps"], 7);
  EXPECT_EQ(json["stages"][0]["units"].size(), 5u);
  EXPECT_TRUE(json["data"]["estimated"].get<bool>());
  EXPECT_EQ(json["total"]["trials"], 3);
}

TEST(StudyPlan, a_problem_of_some_trials_says_which_and_stands_there_once) {
  const StudyFolder folder;
  const Study study = value_or_throw(
      read_study(folder.manifest("[search]\nmethod = \"grid\"\n[search.space]\n"
                                 "\"data.max_length\" = [16, 400]\n\"train.seed\" = [1, 2]\n")));
  const Checked<StudyPlan> plan = plan_study(study, kMachine);
  ASSERT_FALSE(plan);
  ASSERT_EQ(plan.problems().size(), 1u) << to_text(plan.problems());
  const std::string text = plan.problems()[0].text();
  EXPECT_NE(text.find("400 is more than the model's 40 positions"), std::string::npos) << text;
  EXPECT_NE(text.find(" and 1 more"), std::string::npos) << text;
}

TEST(StudyPlan, every_key_is_explained) {
  const StudyFolder folder;
  const Study study = value_or_throw(read_study(folder.manifest("[train]\nlr = 1e-3\n")));
  const Json json = defaults_json(study);
  EXPECT_GT(json.at("keys").size(), 80u);
  for (const Json& key : json["keys"]) {
    EXPECT_FALSE(key["meaning"].get<std::string>().empty());
    if (key["key"] != "train.learning_rate") continue;
    EXPECT_EQ(key["value"], 1e-3);
    EXPECT_EQ(key["default"], 5e-5);
    EXPECT_NE(key["given_at"].get<std::string>().find("study.toml:11:6"), std::string::npos);
  }
  EXPECT_NE(defaults_text(study).find("TrainingArguments"), std::string::npos);
}

}  // namespace temper
