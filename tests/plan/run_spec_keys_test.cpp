#include "plan/run_spec_keys.hpp"

#include <gtest/gtest.h>

#include <set>

namespace temper {

// A value of the key's type other than its default.
Json another_value(const RunSpecKey& key) {
  const Json standard = key.get(RunSpec{});
  if (key.name == "data.split")
    return {{"train", 0.5}, {"validation", 0.25}, {"test", 0.25}, {"group_by", "g"}};
  if (key.type == "table") return {{"hidden_act", "relu"}};
  if (key.type == "list of texts") return {"one", "two"};
  if (key.type == "list of numbers") return {1.5, 2.0};
  if (key.type == "true or false") return standard.is_boolean() ? !standard.get<bool>() : true;
  if (key.type == "integer") return standard.is_null() ? 3 : standard.get<std::int64_t>() + 1;
  if (key.type == "number") return 0.125;
  for (const std::string& word : key.allowed)
    if (word != standard) return word;
  return key.allowed.empty() ? Json("something") : Json(key.allowed.front());
}

TEST(RunSpecKeys, every_key_sets_what_it_gets_and_nothing_else) {
  const Json before = to_json(RunSpec{});
  for (const RunSpecKey& key : run_spec_keys()) {
    RunSpec spec;
    const Json value = another_value(key);
    const Problems problems = key.set(spec, value);
    ASSERT_TRUE(problems.empty()) << to_text(problems);
    EXPECT_EQ(key.get(spec), value) << key.name;
    const std::size_t dot = key.name.find('.');
    Json after = to_json(spec);
    after[key.name.substr(0, dot)][key.name.substr(dot + 1)] = key.get(RunSpec{});
    EXPECT_EQ(after, before) << key.name << " changes another key";
  }
}

TEST(RunSpecKeys, a_spec_survives_json) {
  RunSpec spec;
  for (const RunSpecKey& key : run_spec_keys())
    ASSERT_TRUE(key.set(spec, another_value(key)).empty());
  spec.data.text_column = "";
  const Checked<RunSpec> back = run_spec_from_json(to_json(spec));
  ASSERT_TRUE(back) << to_text(back.problems());
  EXPECT_EQ(to_json(back.value()), to_json(spec));
}

TEST(RunSpecKeys, names_meanings_and_sources_are_there_and_unique) {
  std::set<std::string> names;
  for (const RunSpecKey& key : run_spec_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_GT(key.meaning.size(), 8u) << key.name;
    EXPECT_FALSE(key.source.empty()) << key.name;
    EXPECT_FALSE(is_reserved_key(key.name)) << key.name;
  }
}

TEST(RunSpecKeys, wrong_types_are_refused_and_change_nothing) {
  for (const RunSpecKey& key : run_spec_keys()) {
    RunSpec spec;
    const Json wrong = key.type == "text" || key.type == "list of texts" ? Json(1.5)
                       : key.type == "table"                             ? Json("text")
                                                                         : Json("1");
    EXPECT_EQ(key.set(spec, wrong).size(), 1u) << key.name;
    EXPECT_EQ(to_json(spec), to_json(RunSpec{})) << key.name;
  }
}

TEST(RunSpecKeys, ranges_and_words_are_checked) {
  RunSpec spec;
  EXPECT_EQ(find_key("train.learning_rate")->set(spec, -1e-4).front().text(),
            "train.learning_rate: -0.0001 is out of range. Give a value at least 0.");
  EXPECT_EQ(find_key("train.warmup_ratio")->set(spec, 1.5).front().text(),
            "train.warmup_ratio: 1.5 is out of range. Give a value at least 0, at most 1.");
  EXPECT_EQ(find_key("train.num_train_epochs")->set(spec, 0).front().text(),
            "train.num_train_epochs: 0 is out of range. Give a value above 0.");
  EXPECT_EQ(find_key("train.max_steps")->set(spec, 2.5).front().text(),
            "train.max_steps: 2.5 is no integer. Give an integer.");
  EXPECT_EQ(find_key("model.pooling")->set(spec, "meen").front().text(),
            "model.pooling: \"meen\" is not one of \"\", cls, mean, last. Did you mean \"mean\"?");
  EXPECT_EQ(find_key("train.stage")->set(spec, "dpo").front().text(),
            "train.stage: \"dpo\" is not supported yet. Supported: classification, regression, "
            "token-classification, sft, clm, mlm.");
  EXPECT_EQ(find_key("data.split")->set(spec, {{"train", 2}}).size(), 1u);
}

TEST(RunSpecKeys, true_and_false_are_words_where_a_key_says_so) {
  RunSpec spec;
  const RunSpecKey* key = find_key("train.gradient_checkpointing");
  EXPECT_TRUE(key->set(spec, true).empty());
  EXPECT_EQ(spec.train.gradient_checkpointing, "blocks");
  EXPECT_TRUE(key->set(spec, "selective").empty());
  EXPECT_TRUE(key->set(spec, false).empty());
  EXPECT_EQ(spec.train.gradient_checkpointing, "none");
  EXPECT_TRUE(find_key("lora.init_lora_weights")->set(spec, true).empty());
  EXPECT_EQ(spec.lora.init_lora_weights, "default");
  EXPECT_EQ(find_key("lora.init_lora_weights")->set(spec, false).size(), 1u);
  EXPECT_EQ(find_key("model.task")->set(spec, true).size(), 1u);
}

TEST(RunSpecKeys, aliases_lead_to_keys_that_exist) {
  EXPECT_EQ(alias_target("train.lr"), "train.learning_rate");
  EXPECT_EQ(alias_target("train.micro-batch-size"), "train.per_device_train_batch_size");
  EXPECT_EQ(alias_target("parallel.tensor_model_parallel_size"), "parallel.tensor_parallel_size");
  EXPECT_EQ(alias_target("train.learning-rate"), "train.learning_rate");
  EXPECT_EQ(alias_target("train.learning_rate"), "");
  for (const char* alias : {"train.lr", "train.clip_grad", "train.adam_eps", "data.seq_length",
                            "model.hidden_dropout_prob", "study.metric_for_best_model"})
    EXPECT_NE(find_key(alias_target(alias)), nullptr) << alias;
}

}  // namespace temper
