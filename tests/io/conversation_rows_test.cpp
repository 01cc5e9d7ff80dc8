#include <gtest/gtest.h>

#include "io/rows.hpp"
#include "support/temporary_folder.hpp"

namespace temper {

namespace {

class ConversationRows : public testing::Test {
 protected:
  // "" when the line is a row; else what is wrong with it.
  std::string problem_of(const std::string& format, const std::string& line) {
    spec_.row_format = format;
    padded_ = line + std::string(64, '\0');
    RowParser parser(spec_, "x.jsonl", RowTask::language);
    const auto result = parser.parse(std::string_view(padded_).substr(0, line.size()), row_);
    return result == RowParser::Result::row ? "" : parser.problem();
  }
  DataSpec spec_;
  Row row_;
  std::string padded_;
};

}  // namespace

TEST_F(ConversationRows, keep_everything_that_a_message_holds) {
  EXPECT_EQ(problem_of("messages",
                       R"({"messages":[{"role":"user","content":"a","name":"Eve"},
        {"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":{"x":1.5}}}]},
        {"role":"tool","content":"2"}],"tools":[{"type":"function"}],"more":1})"),
            "");
  ASSERT_EQ(row_.messages.size(), 3u);
  EXPECT_EQ(row_.messages[0]["name"], "Eve");
  EXPECT_EQ(row_.messages[1]["tool_calls"][0]["function"]["arguments"]["x"], 1.5);
  EXPECT_EQ(row_.tools[0]["type"], "function");
  EXPECT_EQ(
      problem_of("messages", R"({"messages":[{"role":"assistant","content":"a"}],"tools":null})"),
      "");
  EXPECT_TRUE(row_.tools.is_null());
}

TEST_F(ConversationRows, say_which_message_is_wrong) {
  for (const auto& [line, words] : std::vector<std::pair<std::string, std::string>>{
           {R"({"messages":"hi"})", "\"messages\" is no list of messages"},
           {R"({"messages":[]})", "\"messages\" is an empty list of messages"},
           {R"({"messages":["a"]})", "message 1 is no object"},
           {R"({"messages":[{"content":"a"}]})", "message 1 has no \"role\""},
           {R"({"messages":[{"role":"user","content":"a"},{"role":"bot","content":"a"}]})",
            "message 2 has the role \"bot\""},
           {R"({"messages":[{"role":"assistant"}]})", "message 1 has no \"content\""},
           {R"({"messages":[{"role":"assistant","content":[{"type":"text"}]}]})",
            "message 1 holds a list of parts"},
           {R"({"messages":[{"role":"assistant","content":"a\u0000"}]})", "U+0000"},
           {R"({"messages":[{"role":"user","content":"a"}]})", "has no assistant's turn"},
           {R"({"mesages":[]})", "has no \"messages\" but mesages. Did you mean \"mesages\"?"}})
    EXPECT_NE(problem_of("messages", line).find(words), std::string::npos)
        << line << ": " << problem_of("messages", line);
}

TEST_F(ConversationRows, sharegpt_names_become_roles) {
  EXPECT_EQ(problem_of("sharegpt",
                       R"({"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"},
        {"from":"observation","value":"c"}],"system":"s"})"),
            "");
  ASSERT_EQ(row_.messages.size(), 4u);
  EXPECT_EQ(row_.messages[0], (Json{{"role", "system"}, {"content", "s"}}));
  EXPECT_EQ(row_.messages[2]["role"], "assistant");
  EXPECT_EQ(row_.messages[3]["role"], "tool");
  EXPECT_NE(problem_of("sharegpt", R"({"conversations":[{"from":"function_call","value":"a"}]})")
                .find("message 1 is from \"function_call\""),
            std::string::npos);
  spec_.messages_column = "turns";
  EXPECT_EQ(problem_of("sharegpt", R"({"turns":[{"from":"gpt","value":"b"}]})"), "");
}

TEST_F(ConversationRows, alpaca_parts_may_be_absent_or_null) {
  EXPECT_EQ(problem_of("alpaca", R"({"instruction":"Add","input":null,"output":"3"})"), "");
  ASSERT_EQ(row_.messages.size(), 2u);
  EXPECT_EQ(row_.messages[0]["content"], "Add");
  EXPECT_EQ(problem_of("alpaca", R"({"instruction":"Add","input":"","output":"3","history":[]})"),
            "");
  EXPECT_NE(problem_of("alpaca", R"({"instruction":"a","output":"b","history":[["a"]]})")
                .find("pair 1 is not what was asked and what was answered"),
            std::string::npos);
  EXPECT_NE(problem_of("alpaca", R"({"instruction":"Add"})").find("has no \"output\""),
            std::string::npos);
}

TEST_F(ConversationRows, prompt_and_completion_are_both_texts_or_both_conversations) {
  EXPECT_EQ(problem_of("prompt-completion", R"({"completion":"b","prompt":"a"})"), "");
  EXPECT_EQ(row_.text + "|" + row_.text_pair, "a|b");
  EXPECT_EQ(problem_of("prompt-completion",
                       R"({"completion":[{"role":"assistant","content":"b"}],
        "prompt":[{"role":"user","content":"a"}]})"),
            "");
  EXPECT_EQ(row_.given_messages, 1u);
  EXPECT_EQ(row_.messages[0]["role"], "user");
  for (const char* line : {R"({"prompt":"a","completion":[{"role":"assistant","content":"b"}]})",
                           R"({"prompt":[{"role":"user","content":"a"}],"completion":"b"})"})
    EXPECT_NE(problem_of("prompt-completion", line).find("on one side"), std::string::npos) << line;
}

TEST_F(ConversationRows, csv_holds_texts_and_no_lists) {
  const TemporaryFolder folder;
  spec_.row_format = "prompt-completion";
  const std::string file = folder.write("a.csv", "prompt,completion\na,b\n");
  RowParser parser(spec_, file, RowTask::language);
  padded_ = "a,b" + std::string(64, '\0');
  EXPECT_EQ(parser.parse(std::string_view(padded_).substr(0, 3), row_), RowParser::Result::row);
  EXPECT_EQ(row_.text_pair, "b");
  spec_.row_format = "messages";
  try {
    RowParser wrong(spec_, folder.write("b.csv", "messages\n[]\n"), RowTask::language);
    ADD_FAILURE();
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()).find("\"messages\" is a list"), std::string::npos);
  }
}

TEST_F(ConversationRows, raw_text_needs_no_label_and_no_ending) {
  spec_.row_format = "text";
  EXPECT_EQ(problem_of("text", R"({"text":"a"})"), "");
  RowParser lines(spec_, "x.txt", RowTask::language);
  padded_ = "a line" + std::string(64, '\0');
  EXPECT_EQ(lines.parse(std::string_view(padded_).substr(0, 6), row_), RowParser::Result::row);
  EXPECT_EQ(row_.text, "a line");
}

}  // namespace temper
