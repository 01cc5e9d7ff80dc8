// Manifests in, studies or problems out. Lines count from StudyFolder::kHead, which has 9.
#include <gtest/gtest.h>

#include "experiments/study.hpp"
#include "support/study_folder.hpp"

namespace temper {

class ReadStudy : public ::testing::Test {
 protected:
  Checked<Study> read(const std::string& more) { return read_study(folder_.manifest(more)); }
  Study good(const std::string& more) {
    const Checked<Study> study = read(more);
    EXPECT_TRUE(study) << to_text(study.problems());
    return study ? study.value() : Study{};
  }
  // The problems, with the folder taken out.
  std::string bad(const std::string& more) {
    std::string text = to_text(read(more).problems());
    const std::string path = folder_.path().string() + "/";
    for (auto at = text.find(path); at != std::string::npos; at = text.find(path))
      text.erase(at, path.size());
    return text;
  }
  StudyFolder folder_;
};

TEST_F(ReadStudy, a_small_manifest_gets_all_defaults) {
  const Study study = good("");
  EXPECT_EQ(study.name, "small");
  EXPECT_EQ(study.output_dir, folder_.path() / "runs/small");
  EXPECT_EQ(study.base.data.store_dir, (folder_.path() / "runs/small/data").string());
  EXPECT_EQ(study.base.model.model_name_or_path, (folder_.path() / "model").string());
  EXPECT_EQ(study.base.data.train_file[0], (folder_.path() / "train.jsonl").string());
  EXPECT_EQ(study.base.train.seed, 42);
  EXPECT_FALSE(study.greater_is_better());
  EXPECT_EQ(study.manifests.size(), 1u);
  EXPECT_EQ(study.places.at("data.train_file"), (folder_.path() / "study.toml").string() + ":6:14");
}

TEST_F(ReadStudy, typos_are_named_with_place_and_the_nearest_word) {
  EXPECT_EQ(bad("[train]\nlearning_rat = 1e-4\n"),
            "study.toml:11:1: train.learning_rat: unknown key. Did you mean "
            "\"train.learning_rate\"?\n");
  EXPECT_EQ(bad("[trian]\n"), "study.toml:10:2: trian: unknown table. Did you mean \"train\"?\n");
  EXPECT_EQ(bad("[train]\nmax_length = 3\n"),
            "study.toml:11:1: train.max_length: unknown key. Did you mean \"data.max_length\"?\n");
  EXPECT_EQ(bad("[search]\nmethod = \"grid\"\n[search.space]\n\"train.learning_rat\" = [1]\n"),
            "study.toml:13:1: train.learning_rat: unknown key. Did you mean "
            "\"train.learning_rate\"?\nstudy.toml:12:1: search.space: is empty. Add "
            "[search.space] \"train.learning_rate\" = [...].\n");
}

TEST_F(ReadStudy, all_problems_come_at_once_each_with_its_line) {
  const std::string text =
      bad("[train]\nmax_steps = 1.5\nlearning_rate = \"fast\"\nseed = -1\n[budget]\ntrials = 8\n"
          "[data]\n");
  // A table twice is a syntax error: nothing else can be judged.
  EXPECT_NE(text.find("study.toml:16:"), std::string::npos) << text;
  const std::string three =
      bad("[train]\nmax_steps = 1.5\nlearning_rate = \"fast\"\nseed = -1\n[budget]\ntrials = 8\n");
  EXPECT_NE(three.find("study.toml:11:13: train.max_steps: 1.5 is no integer"), std::string::npos);
  EXPECT_NE(three.find("study.toml:12:17: train.learning_rate: \"fast\" is no number"),
            std::string::npos);
  EXPECT_NE(three.find("study.toml:13:8: train.seed: -1 is out of range"), std::string::npos);
  EXPECT_NE(three.find("study.toml:14:2: budget: is not supported yet"), std::string::npos);
  EXPECT_EQ(std::count(three.begin(), three.end(), '\n'), 4) << three;
}

TEST_F(ReadStudy, reserved_keys_and_words_say_not_supported_yet) {
  for (const char* more :
       {"[budget]\ntrials = 3\n", "[parallel]\nlayout = \"dp2\"\n",
        "[parallel]\ncheck_collectives = true\n", "[checkpoint]\nsave_steps = 10\n",
        "[train]\nfinetuning_type = \"qlora\"\n", "[train]\nstage = \"dpo\"\n",
        "[train]\nlr_scheduler_type = \"wsd\"\n", "[cluster]\nsite = \"jureca\"\n",
        "[cluster]\npartition = \"p\"\n", "[search]\nmethod = \"asha\"\n",
        "[parallel]\ndevice = \"cuda\"\n", "[cost]\nprice_per_gpu_hour = 1\n",
        "[train]\nfp16 = true\n", "[scale]\nlayouts = [\"tp2\"]\n",
        "[scale]\nlayouts = [\"dp2-pp2\"]\n", "[scale]\nlayouts = [\"zero3-dp2\"]\n"})
    EXPECT_NE(bad(more).find("not supported yet"), std::string::npos) << more << bad(more);
}

TEST_F(ReadStudy, the_first_row_decides_the_stage_of_a_causal_model) {
  folder_.write("chat.jsonl", "{\"messages\": []}\n");
  const char* kFiles =
      "[study]\nname = \"small\"\n[model]\nmodel_name_or_path = \"model\"\ntask = \"causal-lm\"\n"
      "[data]\n";
  const auto base = [&](const std::string& more) {
    return value_or_throw(read_study(folder_.write("lm.toml", kFiles + more))).base;
  };
  const RunSpec chat = base("train_file = \"chat.jsonl\"\n[train]\ntokens_per_microbatch = 64\n");
  EXPECT_EQ(chat.train.stage, "sft");
  EXPECT_EQ(chat.data.row_format, "messages");
  EXPECT_EQ(chat.train.per_device_train_batch_size, 0);
  EXPECT_EQ(base("train_file = \"train.jsonl\"\n").train.stage, "clm");
}

TEST_F(ReadStudy, aliases_and_flags_mean_the_keys_they_name) {
  const Study study = good(
      "[train]\nlr = 1e-3\nbf16 = true\nclip-grad = 0.5\n[parallel]\n"
      "tensor_model_parallel_size = 1\n");
  EXPECT_EQ(study.base.train.learning_rate, 1e-3);
  EXPECT_EQ(study.base.train.precision, "bf16");
  EXPECT_EQ(study.base.train.max_grad_norm, 0.5);
  EXPECT_EQ(good("[train]\nfp64 = true\n").base.train.precision, "fp64");
  EXPECT_NE(bad("[train]\nlr = 1\nlearning_rate = 2\n").find("a second time"), std::string::npos);
  EXPECT_NE(bad("[train]\nbf16 = true\nprecision = \"fp32\"\n").find("a second time"),
            std::string::npos);
}

TEST_F(ReadStudy, a_flag_of_precision_takes_true_or_false) {
  EXPECT_EQ(
      bad("[train]\nbf16 = \"yes\"\n"),
      "study.toml:11:1: train.bf16: is neither true nor false. Set train.precision = \"bf16\", "
      "\"fp32\" or \"fp64\"?\n");
  EXPECT_NE(bad("[train]\nfp64 = false\n").find("train.fp64: takes true alone"), std::string::npos);
}

TEST_F(ReadStudy, includes_merge_and_the_later_word_wins) {
  folder_.write("common/base.toml",
                "[train]\nlearning_rate = 1e-3\nseed = 5\n[cost]\ncurrency = \"EUR\"\n");
  folder_.write("other.toml", "[train]\nlr = 2e-3\n");
  folder_.write("top.toml", "include = [\"common/base.toml\", \"other.toml\"]\n" +
                                std::string(StudyFolder::kHead) + "[train]\nseed = 6\n");
  const Checked<Study> study = read_study(folder_.path() / "top.toml");
  ASSERT_TRUE(study) << to_text(study.problems());
  EXPECT_EQ(study.value().base.train.learning_rate, 2e-3);
  EXPECT_EQ(study.value().base.train.seed, 6);
  EXPECT_EQ(study.value().base.cost.currency, "EUR");
  EXPECT_EQ(study.value().manifests.size(), 3u);
}

TEST_F(ReadStudy, an_include_that_leads_back_is_refused) {
  folder_.write("a.toml", "include = [\"b.toml\"]\n");
  folder_.write("b.toml", "include = [\"a.toml\"]\n");
  const std::string text = to_text(read_study(folder_.path() / "a.toml").problems());
  EXPECT_NE(text.find("b.toml:1:12: include: "), std::string::npos) << text;
  EXPECT_NE(text.find("includes itself"), std::string::npos) << text;
  EXPECT_NE(to_text(read_study(folder_.path() / "none.toml").problems()).find("none.toml"),
            std::string::npos);
}

TEST_F(ReadStudy, hostile_files_end_in_problems) {
  for (const std::string& text :
       {std::string("\0\0\0", 3), std::string("[study"), std::string("a = \"\xff\xfe\""),
        std::string("study = 3"), std::string("learning_rate = 1"), std::string(""),
        std::string("[study]\nname = 2026-01-01"), std::string("[train]\nlearning_rate = nan"),
        std::string("[train]\nlearning_rate = inf"), "a = " + std::string(100000, '['),
        std::string("include = {}"), std::string("include = [3]"), std::string("[[study]]"),
        std::string("[search]\nspace = 3"), std::string("[search]\ntrials = [3]"),
        std::string("[confirm]\nset = 3"), std::string("[data]\nsplit = 3")}) {
    const Checked<Study> study = read_study(folder_.write("hostile.toml", text));
    EXPECT_FALSE(study) << text.substr(0, 40);
  }
}

TEST_F(ReadStudy, missing_files_are_named_with_what_is_there) {
  folder_.write("missing.toml",
                "[study]\nname = \"m\"\n[model]\nmodel_name_or_path = \"modle\"\n[data]\n"
                "train_file = \"trian.jsonl\"\nvalidation_file = \"part-*.jsonl\"\n");
  const std::string text = to_text(read_study(folder_.path() / "missing.toml").problems());
  EXPECT_NE(text.find("no model on the shelf"), std::string::npos) << text;
  EXPECT_NE(text.find("trian.jsonl does not exist. Did you mean \"train.jsonl\"?"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("no file matches \"part-*.jsonl\""), std::string::npos) << text;
}

TEST_F(ReadStudy, globs_and_lists_become_sorted_absolute_files) {
  folder_.write("part-2.jsonl", "{}\n");
  folder_.write("part-1.jsonl", "{}\n");
  folder_.write("glob.toml",
                "[study]\nname = \"m\"\n[model]\nmodel_name_or_path = \"model\"\n[data]\n"
                "train_file = [\"part-*.jsonl\", \"train.jsonl\"]\n");
  const Checked<Study> study = read_study(folder_.path() / "glob.toml");
  ASSERT_TRUE(study) << to_text(study.problems());
  ASSERT_EQ(study.value().base.data.train_file.size(), 3u);
  EXPECT_TRUE(study.value().base.data.train_file[0].ends_with("part-1.jsonl"));
  EXPECT_TRUE(study.value().base.data.train_file[2].ends_with("train.jsonl"));
  EXPECT_FALSE(study.value().base.checkpoint.load_best_model_at_end) << "nothing is evaluated";
}

TEST_F(ReadStudy, stages_that_contradict_each_other_are_refused) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"[search.space]\n\"train.seed\" = [1]\n", "search.method: is missing"},
      {"[search]\nmethod = \"random\"\n[search.space]\n\"train.seed\" = [1]\n",
       "search.num_trials: is missing"},
      {"[search]\nmethod = \"grid\"\nnum_trials = 3\n[search.space]\n\"train.seed\" = [1]\n",
       "has no meaning for method"},
      {"[search]\nmethod = \"grid\"\n[search.space]\n\"train.learning_rate\" = [1e-4]\n[confirm]\n"
       "seeds = [42]\n",
       "42 is a seed of the search"},
      {"[scale]\nrepeats = 3\n", "without scale.ranks"},
      {"[confirm]\ntop_k = 2\n", "without seeds or set"},
      {"[search]\nmethod = \"grid\"\n[search.space]\n\"study.seed\" = [1]\n",
       "cannot differ between the trials"},
      {"[search]\nmethod = \"grid\"\n[search.space]\n\"train.learning_rate\" = { min = 1 }\n",
       "max is missing"},
      {"[search]\nmethod = \"grid\"\n[search.space]\n\"train.seed\" = { min = 1, max = 9 }\n",
       "int = true is missing"},
      {"[search]\nmethod = \"grid\"\n[search.space]\n\"train.weight_decay\" = { min = 0, max = 1, "
       "log = true }\n",
       "log = true needs min above 0"},
      {"[search]\nmethod = \"grid\"\n[search.space]\n\"train.weight_decay\" = { mni = 0 }\n",
       "Did you mean \"min\"?"}};
  for (const auto& [more, expected] : cases)
    EXPECT_NE(bad(more).find(expected), std::string::npos) << more << bad(more);
}

TEST_F(ReadStudy, keys_of_a_technique_need_a_trial_that_uses_it) {
  const std::string lora = "[lora]\nr = 4\n", type = "finetuning_type";
  EXPECT_NE(bad(lora).find("lora.r: is given and no trial has train.finetuning_type = \"lora\""),
            std::string::npos)
      << bad(lora);
  EXPECT_EQ(good("[train]\n" + type + " = \"lora\"\n" + lora).base.lora.r, 4);
  // A study that compares the two gives both.
  good(lora + "[search]\nmethod = \"grid\"\n[search.space]\n\"train." + type +
       "\" = [\"full\", \"lora\"]\n");
  EXPECT_NE(bad("[train]\nfreeze = [\"encoder.layer.0\"]\n").find("train.freeze: is given"),
            std::string::npos);
}

TEST_F(ReadStudy, the_objective_is_a_metric_of_the_eval_split) {
  folder_.write("o.toml",
                "[study]\nname = \"m\"\nobjective = \"eval/macrof1\"\n[model]\n"
                "model_name_or_path = \"model\"\n[data]\ntrain_file = \"train.jsonl\"\n");
  EXPECT_NE(to_text(read_study(folder_.path() / "o.toml").problems())
                .find("o.toml:3:13: study.objective: \"eval/macrof1\" is no metric of "
                      "sequence-classification. Did you mean \"eval/macro_f1\"?"),
            std::string::npos);
}

TEST_F(ReadStudy, the_weights_are_compared_with_their_hash) {
  folder_.write("r.toml",
                "[study]\nname = \"m\"\n[model]\nmodel_name_or_path = \"model\"\n"
                "revision_sha256 = \"00\"\n[data]\ntrain_file = \"train.jsonl\"\n");
  EXPECT_NE(to_text(read_study(folder_.path() / "r.toml").problems()).find("another hash"),
            std::string::npos);
}

}  // namespace temper
