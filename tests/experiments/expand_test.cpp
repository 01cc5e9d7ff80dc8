#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "experiments/draw.hpp"
#include "experiments/study.hpp"
#include "experiments/trial_spec.hpp"
#include "support/study_folder.hpp"

namespace temper {

Study study_in(const StudyFolder& folder, const std::string& more) {
  return value_or_throw(read_study(folder.manifest(more)));
}
std::vector<Trial> searched(const StudyFolder& folder, const std::string& more) {
  return value_or_throw(expand_search(study_in(folder, more)));
}
const std::string kGrid =
    "[search]\nmethod = \"grid\"\n[search.space]\n\"train.learning_rate\" = [1e-4, 2e-4]\n"
    "\"train.weight_decay\" = { min = 0.0, max = 0.2, step = 0.1 }\n";

TEST(Expand, a_grid_has_every_point_once_the_last_axis_fastest) {
  const StudyFolder folder;
  const std::vector<Trial> trials = searched(folder, kGrid);
  ASSERT_EQ(trials.size(), 6u);
  EXPECT_EQ(trials[0].setting,
            (Setting{{"train.learning_rate", 1e-4}, {"train.weight_decay", 0.0}}));
  EXPECT_EQ(trials[1].setting.at("train.weight_decay"), 0.1);
  EXPECT_EQ(trials[3].setting.at("train.learning_rate"), 2e-4);
  EXPECT_EQ(trials[5].spec.train.weight_decay, 0.2);
  std::set<std::string> ids;
  for (const Trial& trial : trials) {
    EXPECT_EQ(trial.id.size(), 8u);
    EXPECT_TRUE(trial.hash.starts_with(trial.id));
    ids.insert(trial.id);
  }
  EXPECT_EQ(ids.size(), 6u);
}

TEST(Expand, equal_settings_are_one_trial) {
  const StudyFolder folder;
  EXPECT_EQ(searched(folder,
                     "[search]\nmethod = \"list\"\ntrials = [{ \"train.learning_rate\" = 5e-5 }, "
                     "{ train.lr = 0.00005 }, {}, { \"train.seed\" = 1 }]\n")
                .size(),
            2u);
}

TEST(Expand, an_id_follows_what_decides_the_result_and_nothing_else) {
  const StudyFolder a, b;
  const auto id = [](const StudyFolder& folder, const std::string& more) {
    return searched(folder, more).at(0).id;
  };
  const std::string plain = id(a, "");
  for (const char* same :
       {"[train]\nlearning_rate = 5e-5\nseed = 42\n", "[parallel]\nzero_stage = 0\n",
        "[parallel]\nranks = 4\n[train]\nglobal_batch_size = 8\n",
        "[train]\nper_device_train_batch_size = 2\ngradient_accumulation_steps = 4\n",
        "[train]\nthreads_per_rank = 1\nlogging_steps = 5\n", "[cost]\nprice_per_core_hour = 1\n"})
    EXPECT_EQ(id(a, same), plain) << same;
  for (const char* other :
       {"[train]\nlearning_rate = 6e-5\n", "[train]\nseed = 43\n", "[parallel]\nranks = 2\n",
        "[train]\nbf16 = true\n", "[train]\ndata_seed = 1\n"})
    EXPECT_NE(id(a, other), plain) << other;
  EXPECT_EQ(id(b, ""), plain) << "places are no part of an id";
  b.write("eval.jsonl", "{}\n");
  EXPECT_NE(id(b, ""), plain) << "contents are";
}

TEST(Expand, a_searched_layout_is_part_of_the_id) {
  const StudyFolder folder;
  EXPECT_EQ(searched(folder,
                     "[train]\nglobal_batch_size = 8\n[search]\nmethod = \"grid\"\n"
                     "[search.space]\n\"parallel.ranks\" = [1, 2]\n")
                .size(),
            2u);
}

TEST(Expand, ids_that_begin_alike_grow_until_they_differ) {
  std::vector<Trial> trials(3);
  trials[0].hash = "aaaaaaaaaa11", trials[1].hash = "aaaaaaaaaa22", trials[2].hash = "bbbbbbbbbbbb";
  set_trial_ids(trials, {});
  EXPECT_EQ(trials[0].id, "aaaaaaaaaa1");
  EXPECT_EQ(trials[1].id, "aaaaaaaaaa2");
  EXPECT_EQ(trials[2].id, "bbbbbbbb");
}

TEST(Draw, depends_on_seed_trial_and_key_alone) {
  const SearchAxis axis{.key = "train.learning_rate",
                        .values = {},
                        .range = SearchAxis::Range{.min = 1e-5, .max = 1e-3, .log = true}};
  const std::uint32_t word = axis_word(axis.key);
  EXPECT_EQ(draw_value(axis, word, 7, 3), draw_value(axis, word, 7, 3));
  EXPECT_NE(draw_value(axis, word, 7, 3), draw_value(axis, word, 8, 3));
  EXPECT_NE(draw_value(axis, word, 7, 3), draw_value(axis, word, 7, 4));
  EXPECT_NE(draw_value(axis, word, 7, 3), draw_value(axis, axis_word("train.seed"), 7, 3));
}

// Means of 20,000 draws lie within 5 standard errors of the law's.
TEST(Draw, follows_the_law_of_its_range) {
  constexpr int kDraws = 20000;
  const auto mean_of = [](const SearchAxis::Range& range, auto map) {
    const SearchAxis axis{.key = "k", .values = {}, .range = range};
    double sum = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double value = draw_value(axis, 1, 42, std::uint64_t(i)).get<double>();
      EXPECT_GE(value, range.min);
      EXPECT_LE(value, range.max);
      sum += map(value);
    }
    return sum / kDraws;
  };
  const auto plain = [](double x) { return x; };
  const double error = 5 / std::sqrt(12.0 * kDraws);
  EXPECT_NEAR(mean_of({.min = 2, .max = 6}, plain), 4, 4 * error);
  EXPECT_NEAR(
      mean_of({.min = 1e-5, .max = 1e-1, .log = true}, [](double x) { return std::log10(x); }), -3,
      4 * error);
  EXPECT_NEAR(mean_of({.min = 1, .max = 6, .integer = true}, plain), 3.5, 6 * error);
  EXPECT_NEAR(mean_of({.min = 0, .max = 1, .step = 0.25}, plain), 0.5, 1.5 * error);
}

TEST(Draw, every_choice_and_every_integer_is_as_likely) {
  const SearchAxis dice{
      .key = "k", .values = {}, .range = SearchAxis::Range{.min = 1, .max = 6, .integer = true}};
  const SearchAxis words{.key = "k", .values = {"a", "b", "c"}, .range = std::nullopt};
  for (const SearchAxis& axis : {dice, words}) {
    std::map<std::string, int> counts;
    for (int i = 0; i < 6000; ++i) ++counts[draw_value(axis, 1, 3, std::uint64_t(i)).dump()];
    const double expected = 6000.0 / double(counts.size());
    EXPECT_EQ(counts.size(), axis.range ? 6u : 3u);
    for (const auto& [value, count] : counts)
      EXPECT_NEAR(count, expected, 5 * std::sqrt(expected)) << value;
  }
}

TEST(Expand, a_further_axis_changes_no_other_draw) {
  const StudyFolder folder;
  const std::string head = "[search]\nmethod = \"random\"\nnum_trials = 5\n[search.space]\n";
  const std::string rate = "\"train.learning_rate\" = { min = 1e-5, max = 1e-3, log = true }\n";
  const std::string decay = "\"train.weight_decay\" = { min = 0.0, max = 0.1 }\n";
  const auto few = searched(folder, head + rate), more = searched(folder, head + decay + rate);
  ASSERT_EQ(few.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(few[i].setting.at("train.learning_rate"), more[i].setting.at("train.learning_rate"));
}

TEST(Expand, a_confirmation_takes_the_best_settings_under_each_seed) {
  const StudyFolder folder;
  const Study study = study_in(
      folder, kGrid + "[confirm]\nseeds = [1, 2]\ntop_k = 2\nset = { \"train.max_steps\" = 9 }\n");
  const Setting a{{"train.learning_rate", 2e-4}}, b{{"train.learning_rate", 1e-4}}, c;
  const auto trials = value_or_throw(expand_confirm(study, {a, b, c}));
  ASSERT_EQ(trials.size(), 4u);
  EXPECT_EQ(trials[0].spec.train.learning_rate, 2e-4);
  EXPECT_EQ(trials[0].spec.train.seed, 1);
  EXPECT_EQ(trials[1].spec.train.seed, 2);
  EXPECT_EQ(trials[3].spec.train.learning_rate, 1e-4);
  for (const Trial& trial : trials) {
    EXPECT_EQ(trial.purpose, "confirm");
    EXPECT_EQ(trial.spec.train.max_steps, 9);
  }
}

TEST(Expand, a_scaling_study_has_every_layout_once_a_block) {
  const StudyFolder folder;
  const Study strong =
      study_in(folder,
               "[train]\nglobal_batch_size = 16\n[scale]\nlayouts = [\"dp1\", \"dp2\", "
               "\"zero0-dp2\"]\nrepeats = 4\nsteps = 7\nwarmup_steps = 2\n");
  EXPECT_TRUE(value_or_throw(expand_search(strong)).empty());
  const auto trials = value_or_throw(expand_scale(strong, {}));
  ASSERT_EQ(trials.size(), 12u);
  std::set<std::string> ids;
  for (std::size_t block = 0; block < 4; ++block) {
    std::set<std::pair<std::int64_t, std::int64_t>> layouts;
    for (std::size_t i = 0; i < 3; ++i) {
      const Trial& trial = trials[3 * block + i];
      EXPECT_EQ(trial.repeat, std::int64_t(block));
      EXPECT_EQ(trial.spec.train.max_steps, 9);
      EXPECT_EQ(documents_per_step(trial.spec), 16);
      EXPECT_EQ(trial.spec.train.eval_strategy, "no");
      layouts.insert({trial.spec.parallel.ranks, trial.spec.parallel.zero_stage});
      ids.insert(trial.id);
    }
    EXPECT_EQ(layouts.size(), 3u);
  }
  EXPECT_EQ(ids.size(), 12u);
  const Study weak = study_in(
      folder, "[train]\nglobal_batch_size = 16\n[scale]\nkind = \"weak\"\nranks = [1, 2, 4]\n");
  for (const Trial& trial : value_or_throw(expand_scale(weak, {})))
    EXPECT_EQ(documents_per_step(trial.spec), 16 * trial.spec.parallel.ranks);
}

}  // namespace temper
