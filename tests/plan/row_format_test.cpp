#include "plan/row_format.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace temper {

namespace {

std::string format_of(const std::string& name, const std::string& content,
                      const DataSpec& data = {}) {
  const TemporaryFolder folder;
  return row_format_of(data, folder.write(name, content).string());
}

}  // namespace

TEST(RowFormat, is_known_by_the_columns_of_the_first_row) {
  EXPECT_EQ(format_of("a.jsonl", "\n  \n{\"messages\": []}\n{\"text\": \"\"}\n"), "messages");
  EXPECT_EQ(format_of("a.jsonl", "{\"conversations\": []}"), "sharegpt");
  EXPECT_EQ(format_of("a.jsonl", "{\"completion\": \"\", \"prompt\": \"\"}"), "prompt-completion");
  EXPECT_EQ(format_of("a.jsonl", "{\"instruction\": \"\", \"output\": \"\"}"), "alpaca");
  EXPECT_EQ(format_of("a.jsonl", "{\"text\": \"\"}"), "text");
  EXPECT_EQ(format_of("a.csv", "id,\"prompt\",completion\r\n1,a,b\r\n"), "prompt-completion");
  EXPECT_EQ(format_of("a.txt", "prompt,completion\n"), "text");
  EXPECT_EQ(format_of("a.jsonl", "broken"), "text");
}

TEST(RowFormat, the_manifests_words_win) {
  DataSpec data;
  data.messages_column = "turns";
  EXPECT_EQ(format_of("a.jsonl", "{\"turns\": []}", data), "messages");
  data.row_format = "sharegpt";
  EXPECT_EQ(format_of("a.jsonl", "{\"turns\": []}", data), "sharegpt");
  EXPECT_EQ(messages_column(data, "sharegpt"), "turns");
  EXPECT_EQ(messages_column({}, "sharegpt"), "conversations");
}

TEST(RowFormat, decides_the_stage_of_a_causal_model) {
  EXPECT_EQ(stage_of("causal-lm", "text"), "clm");
  EXPECT_EQ(stage_of("causal-lm", "alpaca"), "sft");
  EXPECT_EQ(stage_of("masked-lm", "text"), "mlm");
  EXPECT_EQ(stage_of("sequence-classification", "text"), "classification");
  EXPECT_EQ(stage_of("token-classification", "text"), "token-classification");
}

TEST(RowFormat, decides_what_is_learned) {
  TrainSpec train;
  EXPECT_EQ(learned_part(train, "messages"), LearnedPart::assistant);
  EXPECT_EQ(learned_part(train, "prompt-completion"), LearnedPart::completion);
  train.assistant_only_loss = train.completion_only_loss = false;
  EXPECT_EQ(learned_part(train, "messages"), LearnedPart::everything);
  EXPECT_EQ(learned_part(train, "prompt-completion"), LearnedPart::everything);
}

}  // namespace temper
