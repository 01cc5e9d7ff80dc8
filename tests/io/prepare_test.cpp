#include "io/prepare/prepare.hpp"

#include <gtest/gtest.h>

#include <map>

#include "core/digest.hpp"
#include "support/preparing.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

std::string json_rows(int begin, int end, const std::string& words = "the cat sat on mat ") {
  std::string lines;
  for (int i = begin; i < end; ++i)
    lines += Json{{"id", "r" + std::to_string(i)},
                  {"text", words + std::to_string(i / 2)},
                  {"label", i % 3 == 0 ? "x" : "y"},
                  {"who", "g" + std::to_string(i % 40)}}
                 .dump() +
             "\n";
  return lines;
}

}  // namespace

TEST_F(Preparing, gives_the_same_bytes_on_any_number_of_ranks) {
  std::string csv = "text,label\r\n";
  for (int i = 0; i < 400; ++i)
    csv += i % 7 == 0   ? "\"line one\nline \"\"two\"\" of " + std::to_string(i / 30) + "\",a\r\n"
           : i % 7 == 3 ? "  spaced\xE2\x80\x8B  out " + std::to_string(i) + ",b\n"
           : i % 7 == 5 ? "\xFF\xFE,b\n"
                        : "plain text " + std::to_string(i) + ",c\n";
  const std::string rows = file("rows.csv", csv), more = file("more.csv", "label,text\na,z\nb,\n");
  const Json json = recipe({rows, more}, {},
                           {{"clean", {"nfc", "control", "whitespace", "drop_empty", "dedup"}},
                            {"max_bad_rows", 100},
                            {"split", {{"train", 0.6}, {"validation", 0.2}, {"test", 0.2}}}});
  const Group alone = world_.split(world_.rank(), 0);
  std::string one;
  if (world_.rank() == 0) one = store_bytes(alone, json, "one.h5");
  const std::string many = store_bytes(world_, json, "many.h5");
  if (world_.rank() == 0) {
    EXPECT_TRUE(one == many);
  }
  const TokenStore store(root_ / "many.h5");
  EXPECT_GT(store.card().cleaning["bad_rows"], 50);
  EXPECT_GT(store.card().cleaning["steps"][4]["dropped"], 20);
  store.verify();
}

TEST_F(Preparing, says_what_was_changed_and_dropped_and_where) {
  const std::string train =
      file("train.jsonl",
           "{\"text\":\"e\\u0301t\\u00e9 one\",\"label\":\"a\"}\n"
           "\n"
           "{\"text\":\" two  words \",\"label\":\"b\"}\n"
           "{\"text\":\"\\u200b\",\"label\":\"b\"}\n"
           "{\"text\":\"two words\",\"label\":\"a\"}\n"
           "broken\n"
           "{\"text\":\"a b c d e f g h i j k l m n o p q r s t\",\"label\":\"a\"}\n");
  const std::string eval = file("eval.jsonl", "{\"text\":\"Two words!\",\"label\":\"a\"}\n");
  const Json json = recipe(
      {train}, {eval},
      {{"clean", {"nfc", "whitespace", "drop_empty", "drop_long", "dedup"}}, {"max_bad_rows", 1}});
  const Json cleaning = prepare(json).card.cleaning;
  EXPECT_EQ(cleaning["rows"], 7);
  EXPECT_EQ(cleaning["kept"], 3);
  EXPECT_EQ(cleaning["bad_rows"], 1);
  EXPECT_EQ(cleaning["bad_row_samples"][0]["where"], "train.jsonl:6");
  const Json& steps = cleaning["steps"];
  EXPECT_EQ(steps[0]["changed"], 1);
  EXPECT_EQ(steps[0]["samples"],
            Json::array(
                {{{"where", "train.jsonl:1"}, {"text", "e\u0301té one"}, {"became", "été one"}}}));
  EXPECT_EQ(steps[1]["samples"][0]["became"], "two words");
  EXPECT_EQ(steps[2]["dropped"], 1);
  EXPECT_EQ(steps[2]["samples"][0]["where"], "train.jsonl:4");
  EXPECT_EQ(steps[3]["dropped"], 1);
  EXPECT_EQ(steps[3]["samples"][0]["where"], "train.jsonl:7");
  EXPECT_EQ(steps[4]["dropped"], 1);
  EXPECT_EQ(steps[4]["samples"][0]["where"], "train.jsonl:5");
  EXPECT_EQ(steps[4]["samples"][0]["text"], "repeats train.jsonl:3");
  EXPECT_EQ(cleaning["label_conflicts"]["texts"], 1);
  EXPECT_EQ(cleaning["label_conflicts"]["rows"], 2);
  EXPECT_EQ(cleaning["overlap"]["train/eval"], 1);
  EXPECT_EQ(cleaning["overlap_samples"][0]["where"], "eval.jsonl:1");
}

TEST_F(Preparing, too_many_bad_rows_are_one_error_that_names_the_first) {
  std::string lines;
  for (int i = 1; i <= 40; ++i)
    lines += i % 3 == 0 ? "{\"text\":\"a\"\n" : "{\"text\":\"a\",\"label\":\"b\"}\n";
  const std::string words =
      failure_of(recipe({file("t.jsonl", lines)}, {}, {{"max_bad_rows", 12}}));
  EXPECT_NE(words.find("t.jsonl:3: broken JSON"), std::string::npos) << words;
  EXPECT_NE(words.find("t.jsonl:30: "), std::string::npos) << words;
  EXPECT_EQ(words.find("t.jsonl:33: "), std::string::npos) << words;
  EXPECT_NE(words.find("data.max_bad_rows: 13 rows are bad, and 12 may be dropped"),
            std::string::npos)
      << words;
}

TEST_F(Preparing, labels_that_training_lacks_and_empty_splits_are_errors) {
  const std::string train = file("train.jsonl", json_rows(0, 30));
  const std::string eval =
      file("eval.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"q\"}\n");
  EXPECT_NE(failure_of(recipe({train}, {eval})).find("eval.jsonl:2: eval has 1 row of \"q\""),
            std::string::npos);
  EXPECT_NE(failure_of(recipe({train}, {file("none.jsonl", "\n\n")}))
                .find("data.validation_file: no rows for eval"),
            std::string::npos);
  EXPECT_NE(failure_of(recipe({train}, {(root_ / "absent.jsonl").string()}))
                .find("absent.jsonl: there is no such file"),
            std::string::npos);
  EXPECT_NE(failure_of(recipe({train}, {train}, {{"split", {{"train", 1.0}}}})).find("data.split"),
            std::string::npos);
  EXPECT_NE(failure_of(recipe({train}, {}, {{"clean", {"dedpu"}}})).find("Did you mean \"dedup\""),
            std::string::npos);
}

TEST_F(Preparing, a_token_beyond_the_models_vocabulary_is_an_error) {
  Json json = recipe({file("t.jsonl", json_rows(0, 30))});
  json["vocab_size"] = 100;
  const std::string words = failure_of(json);
  EXPECT_NE(words.find("the model's vocabulary has only 100 rows"), std::string::npos) << words;
  EXPECT_NE(words.find("t.jsonl:1"), std::string::npos) << words;
}

TEST_F(Preparing, a_source_that_changed_since_the_plan_is_an_error) {
  const std::string train = file("t.jsonl", json_rows(0, 30));
  Json json = recipe({train});
  json["source_sha256"][train] = sha256_of_file(train);
  EXPECT_EQ(failure_of(json), "");
  file("t.jsonl", json_rows(0, 31));
  EXPECT_NE(failure_of(json).find("t.jsonl: is not what it was"), std::string::npos);
}

TEST_F(Preparing, one_file_is_split_without_leaks_and_more_rows_move_none) {
  const Json more = {{"id_column", "id"},
                     {"split", {{"train", 0.5}, {"validation", 0.25}, {"test", 0.25}}}};
  const auto few = ids_by_split(recipe({file("a.jsonl", json_rows(0, 300))}, {}, more));
  const auto many =
      ids_by_split(recipe({file("b.jsonl", json_rows(300, 500) + json_rows(0, 300))}, {}, more));
  std::size_t total = 0;
  for (std::size_t s = 0; s < 3; ++s) {
    total += few[s].size();
    EXPECT_GT(few[s].size(), 40u);
    for (const std::string& id : few[s]) EXPECT_TRUE(many[s].contains(id)) << id;
    for (int i = 0; i < 300; i += 2)  // rows 2k and 2k + 1 have the same text
      EXPECT_EQ(few[s].contains("r" + std::to_string(i)),
                few[s].contains("r" + std::to_string(i + 1)));
  }
  EXPECT_EQ(total, 300u);
}

TEST_F(Preparing, groups_stay_together_and_texts_that_would_leak_are_dropped) {
  const Json json = recipe(
      {file("a.jsonl", json_rows(0, 400))}, {},
      {{"id_column", "id"},
       {"split", {{"train", 0.5}, {"validation", 0.25}, {"test", 0.25}, {"group_by", "who"}}}});
  const auto ids = ids_by_split(json);
  std::map<int, std::set<std::size_t>> splits_of_group, splits_of_text;
  std::size_t total = 0;
  for (std::size_t s = 0; s < 3; ++s)
    for (const std::string& id : ids[s]) {
      const int i = std::stoi(id.substr(1));
      splits_of_group[i % 40].insert(s);
      splits_of_text[i / 2].insert(s);
      ++total;
    }
  for (const auto& [group, splits] : splits_of_group) EXPECT_EQ(splits.size(), 1u) << group;
  for (const auto& [text, splits] : splits_of_text) EXPECT_EQ(splits.size(), 1u) << text;
  EXPECT_EQ(prepare(json).card.cleaning["leaks_dropped"], 400 - total);
  EXPECT_LT(total, 400u);
}

TEST_F(Preparing, regressions_pairs_and_long_documents_are_kept_as_asked) {
  std::string lines;
  for (int i = 0; i < 50; ++i)
    lines += Json{{"text", std::string("a b ") + (i % 10 ? "" : "c d e f g h i j k l m n o p q")},
                  {"other", "c " + std::to_string(i)},
                  {"label", double(i) / 4}}
                 .dump() +
             "\n";
  Json json =
      recipe({file("t.jsonl", lines)}, {}, {{"text_pair_column", "other"}, {"truncation", "drop"}});
  json["task"] = "regression";
  const Prepared prepared = prepare(json);
  EXPECT_EQ(prepared.card.splits[0].documents, 45);
  EXPECT_TRUE(prepared.card.label_names.empty());
  EXPECT_EQ(prepared.card.cleaning["steps"][0]["step"], "truncation");
  EXPECT_EQ(prepared.card.cleaning["steps"][0]["dropped"], 5);
  write_token_store(world_, root_ / "r.h5", prepared.card, prepared.columns);
  const TokenStore store(root_ / "r.h5");
  const StoreSplit& train = store.split("train");
  EXPECT_EQ(train.value(0), 0.25);
  EXPECT_EQ(train.id(0), "t.jsonl:2");
  std::vector<std::int32_t> ids(std::size_t(train.length(0)));
  std::vector<std::uint8_t> types(ids.size());
  train.read_tokens(0, ids.data(), types.data());
  EXPECT_EQ(types.front(), 0);
  EXPECT_EQ(types.back(), 1);
  json["data"]["truncation"] = "right";
  const Prepared cut = prepare(json);
  EXPECT_EQ(cut.card.splits[0].documents, 50);
  EXPECT_EQ(cut.card.splits[0].longest, 16);
  EXPECT_EQ(cut.card.cleaning["cut_to_max_length"], 5);
  json["max_length"] = 0;
  EXPECT_NE(failure_of(json).find("leaves no room for text"), std::string::npos);
}

TEST_F(Preparing, classes_and_lengths_are_counted_over_all_ranks) {
  const Prepared prepared = prepare(recipe({file("t.jsonl", json_rows(0, 90))}));
  const StoreCard::Split& train = prepared.card.splits[0];
  EXPECT_EQ(prepared.card.label_names, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(train.class_counts, (std::vector<std::int64_t>{30, 60}));
  std::int64_t documents = 0, tokens = 0;
  for (std::size_t l = 0; l < train.length_counts.size(); ++l) {
    documents += train.length_counts[l];
    tokens += std::int64_t(l) * train.length_counts[l];
  }
  EXPECT_EQ(documents, 90);
  EXPECT_EQ(tokens, train.tokens);
  EXPECT_EQ(train.longest + 1, std::int64_t(train.length_counts.size()));
}

}  // namespace temper
