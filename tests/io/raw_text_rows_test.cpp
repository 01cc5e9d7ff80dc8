#include "io/prepare/encode/marked_tokens.hpp"
#include "support/language_rows.hpp"

namespace temper {

TEST_F(LanguageRows, raw_text_longer_than_a_document_becomes_several_and_nothing_is_lost) {
  std::string story;
  for (int i = 0; i < 60; ++i) story += (i > 0 ? " word" : "word") + std::to_string(i);
  const std::string rows =
      Json{{"text", story}}.dump() + "\n" + Json{{"text", "short"}}.dump() + "\n";
  Json json = language("clm", rows, {{"row_format", "text"}, {"clean", {"dedup"}}});
  json["max_length"] = 32;
  open(json);
  std::string joined;
  std::int64_t bytes = 0, documents = train().documents();
  for (std::int64_t d = 0; d + 1 < documents; ++d) {
    EXPECT_LE(train().length(d), 32);
    EXPECT_GE(train().length(d), 2);
    EXPECT_EQ(train().id(d), d == 0 ? "t0.jsonl:1" : "t0.jsonl:1#" + std::to_string(d + 1));
    joined += text(d);
    bytes += train().trained_bytes(d);
  }
  EXPECT_EQ(joined, story + "<|im_end|>");
  EXPECT_EQ(text(documents - 1), "short<|im_end|>");
  EXPECT_EQ(learned(documents - 1), "short<|im_end|>");
  EXPECT_LT(bytes, std::int64_t(story.size()));
  EXPECT_GT(bytes, std::int64_t(story.size()) * 9 / 10);
  EXPECT_EQ(store_->card().cleaning["rows"], 2);
  EXPECT_EQ(store_->card().cleaning["kept"], 2);
  EXPECT_EQ(store_->card().cleaning["cut_to_max_length"], 0);
}

TEST(PiecesOf, leave_no_token_alone) {
  EXPECT_EQ(pieces_of(9, 4), (std::vector<Extent>{{0, 4}, {4, 7}, {7, 9}}));
  EXPECT_EQ(pieces_of(8, 4), (std::vector<Extent>{{0, 4}, {4, 8}}));
  EXPECT_EQ(pieces_of(3, 4), (std::vector<Extent>{{0, 3}}));
  EXPECT_TRUE(pieces_of(0, 4).empty());
}

TEST_F(LanguageRows, masked_rows_keep_their_special_tokens_and_know_their_words) {
  const std::string rows =
      Json{{"text", "unbelievably long understanding of many long words"}}.dump() + "\n";
  Json json = language("mlm", rows, {{"row_format", ""}}, "small_wordpiece.json");
  json["special_tokens"] = Json::object();
  json["tokenizer"] = surrounded_by("[CLS]", "[SEP]", "small_wordpiece.json");
  json["max_length"] = 12;
  open(json);
  EXPECT_EQ(train().mask_token(), 4);
  EXPECT_EQ(train().vocabulary(), 2004);
  EXPECT_GT(train().documents(), 1);
  for (std::int64_t d = 0; d < train().documents(); ++d) {
    const auto tokens = ids(d);
    const auto mark = marks(d);
    EXPECT_EQ(tokens.front(), 2);
    EXPECT_EQ(tokens.back(), 3);
    EXPECT_EQ(mark.front(), kSpecial);
    EXPECT_EQ(mark.back(), kSpecial);
    for (std::size_t t = 1; t + 1 < tokens.size(); ++t) {
      EXPECT_TRUE(mark[t] & kTrained);
      EXPECT_EQ(bool(mark[t] & kContinuesWord), tokenizer_->token(tokens[t]).starts_with("##"));
    }
  }
}

TEST_F(LanguageRows, words_carry_their_labels_on_their_first_tokens) {
  Json json = language("mlm",
                       "{\"text\":[\"unbelievably\",\"old\"],\"label\":[\"B\",\"O\"]}\n"
                       "{\"text\":[\"the\",\"cat\"],\"label\":[\"O\",\"B\"]}\n",
                       Json::object(), "small_wordpiece.json");
  json["task"] = "token-classification";
  json["tokenizer"] = surrounded_by("[CLS]", "[SEP]", "small_wordpiece.json");
  open(json);
  EXPECT_EQ(store_->card().label_names, (std::vector<std::string>{"B", "O"}));
  EXPECT_EQ(store_->card().splits[0].class_counts, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(store_->card().splits[0].trained_tokens, 4);
  for (std::int64_t d = 0; d < 2; ++d) {
    const auto tokens = ids(d);
    std::vector<std::int32_t> labels(tokens.size());
    train().read_token_labels(d, labels.data());
    std::vector<std::int32_t> seen;
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      const bool first =
          t > 0 && t + 1 < tokens.size() && !tokenizer_->token(tokens[t]).starts_with("##");
      EXPECT_EQ(labels[t] >= 0, first) << t;
      if (labels[t] >= 0) seen.push_back(labels[t]);
    }
    EXPECT_EQ(seen, d == 0 ? (std::vector<std::int32_t>{0, 1}) : (std::vector<std::int32_t>{1, 0}));
  }
  json["data"]["train_file"] = {file(
      "bad.jsonl", "{\"text\":[\"a\",\"b\"],\"label\":[\"O\"]}\n{\"text\":[],\"label\":[]}\n")};
  const std::string words = failure_of(json);
  EXPECT_NE(words.find("bad.jsonl:1: has 2 words and 1 labels"), std::string::npos) << words;
  EXPECT_NE(words.find("bad.jsonl:2: \"text\" is an empty list"), std::string::npos) << words;
}

}  // namespace temper
