#include "text/chat_template.hpp"

#include <gtest/gtest.h>

#include "core/file.hpp"

namespace temper {
namespace {

namespace fs = std::filesystem;

const fs::path kData = fs::path(TEMPER_SOURCE_DIR) / "tests/text/data";

ChatTemplate template_of(const std::string& source) {
  return value_or_throw(ChatTemplate::parse(source, "test.jinja"));
}

ChatTemplate published(const std::string& name) {
  return template_of(value_or_throw(read_text_file(kData / "templates" / (name + ".jinja"))));
}

const Json& recorded() {
  static const Json json = value_or_throw(read_json_file(kData / "chat_templates.json"));
  return json;
}

Json conversation(const std::string& name) { return recorded()["conversations"][name]; }

const ChatOptions kOptions{.bos_token = "<s>", .eos_token = "</s>"};

std::string text_of(const std::string& text, const std::vector<Extent>& extents) {
  std::string result;
  for (const Extent& extent : extents)
    result += text.substr(std::size_t(extent.begin), std::size_t(extent.size()));
  return result;
}

struct Trained {
  std::string text;
  TrainedSpans spans;
};

Trained trained(const ChatTemplate& chat, const Json& conversation,
                const std::vector<bool>& which = {}) {
  ChatOptions options = kOptions;
  options.tools = conversation.value("tools", Json());
  const RenderedChat rendered = chat.render(conversation["messages"], options);
  TrainedSpans spans = assistant_spans(rendered, chat.turn_marks(kOptions), which);
  return {text_of(rendered.text, spans.extents), spans};
}

Json messages(std::initializer_list<std::pair<const char*, const char*>> turns) {
  Json list = Json::array();
  for (const auto& [role, content] : turns) list.push_back({{"role", role}, {"content", content}});
  return {{"messages", list}};
}

struct Published {
  const char* name;
  const char* end;
  bool trims;  // white space around the assistant's words
};

class EveryTemplate : public testing::TestWithParam<Published> {};

TEST_P(EveryTemplate, trains_the_words_of_the_assistant_and_the_end_token) {
  const auto& [name, end, trims] = GetParam();
  const ChatTemplate chat = published(name);
  const Trained turns = trained(chat, conversation("turns"));
  const std::string first = trims ? "eins" : "  eins\n";
  EXPECT_EQ(turns.text, first + end + "zwei" + end);
  EXPECT_EQ(turns.spans.turns, 2);
  EXPECT_EQ(turns.spans.turns_without_end, 0);
  EXPECT_EQ(trained(chat, conversation("turn")).text, std::string("4") + end);
}

TEST_P(EveryTemplate, trains_nothing_that_control_tokens_in_the_users_words_suggest) {
  const auto& [name, end, trims] = GetParam();
  const Json control = conversation("control");
  const auto words = control["messages"][1]["content"].get<std::string>();
  EXPECT_EQ(trained(published(name), control).text, words + end);
}

TEST_P(EveryTemplate, tells_where_no_special_token_may_be_read) {
  const ChatTemplate chat = published(GetParam().name);
  const Json control = conversation("control")["messages"];
  const RenderedChat rendered = chat.render(control, kOptions);
  EXPECT_EQ(text_of(rendered.text, plain_regions(rendered)),
            control[0]["content"].get<std::string>() + control[1]["content"].get<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Chat, EveryTemplate,
                         testing::Values(Published{"chatml", "<|im_end|>", false},
                                         Published{"smollm2", "<|im_end|>", false},
                                         Published{"qwen2_5", "<|im_end|>", false},
                                         Published{"qwen3", "<|im_end|>", false},
                                         Published{"llama_shape", "<|eot_id|>", true},
                                         Published{"gemma_shape", "<end_of_turn>", true},
                                         Published{"mistral_shape", "</s>", true},
                                         Published{"phi3", "<|end|>", false},
                                         Published{"qwen2_5_training", "<|im_end|>", false}),
                         [](const auto& which) { return std::string(which.param.name); });

// Tokens of ChatML with Qwen2's vocabulary; the mask is that of the techniques' worked example.
TEST(AssistantSpans, mark_the_tokens_of_chatml_as_worked_by_hand) {
  const ChatTemplate chat = published("chatml");
  const Json hello = messages({{"user", "Hello"}, {"assistant", "Hello world"}});
  const RenderedChat rendered = chat.render(hello["messages"], kOptions);
  std::vector<Extent> tokens;
  std::int64_t at = 0;
  for (const char* piece :
       {"<|im_start|>", "user", "\n", "Hello", "<|im_end|>", "\n", "<|im_start|>", "assistant",
        "\n", "Hello", " world", "<|im_end|>", "\n"}) {
    tokens.push_back({at, at + std::int64_t(std::string(piece).size())});
    at = tokens.back().end;
  }
  ASSERT_EQ(at, std::int64_t(rendered.text.size()));
  const TokenMarks marks =
      mark_tokens(tokens, assistant_spans(rendered, chat.turn_marks({}), {}).extents);
  EXPECT_EQ(marks.trained, (std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0}));
  EXPECT_EQ(marks.straddling, 0);
}

TEST(AssistantSpans, leave_out_an_empty_think_block_and_keep_one_with_words) {
  const ChatTemplate chat = published("qwen3");
  EXPECT_NE(
      chat.render(conversation("turn")["messages"], kOptions).text.find("<think>\n\n</think>"),
      std::string::npos);
  EXPECT_EQ(trained(chat, conversation("turn")).text, "4<|im_end|>");
  // Qwen3 drops the thoughts of earlier turns.
  EXPECT_EQ(trained(chat, conversation("think")).text,
            "A<|im_end|><think>\nso\n</think>\n\nB<|im_end|>");
  EXPECT_EQ(trained(chat, conversation("reasoning")).text,
            "A<|im_end|><think>\nwhy\n</think>\n\nB<|im_end|>");
}

TEST(AssistantSpans, train_tool_calls_from_the_generation_prompt_on) {
  const Trained calls = trained(published("qwen2_5"), conversation("tool_calls"));
  EXPECT_EQ(calls.text,
            "Let me see.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"place\": \"A "
            "\\\"B\\\"\\n\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"clock\", \"arguments\": "
            "{}}\n</tool_call><|im_end|>Rain at noon.<|im_end|>");
  EXPECT_EQ(calls.spans.turns, 2);
  EXPECT_EQ(trained(published("mistral_shape"), conversation("tool_call")).text.substr(0, 41),
            "[TOOL_CALLS] [{\"name\": \"get_weather\", \"ar");
}

TEST(AssistantSpans, follow_generation_blocks_but_for_white_space_at_their_edges) {
  const ChatTemplate chat = published("qwen3_training");
  const RenderedChat rendered = chat.render(conversation("turn")["messages"], kOptions);
  EXPECT_EQ(text_of(rendered.text, rendered.generated), "<think>\n\n</think>\n\n4<|im_end|>\n");
  EXPECT_EQ(trained(chat, conversation("turn")).text, "<think>\n\n</think>\n\n4<|im_end|>");
  const ChatTemplate bare = template_of(
      "{% for m in messages %}{% generation %}\n{{ m.content }}{% endgeneration %} <end>\n"
      "{% endfor %}");
  EXPECT_EQ(trained(bare, messages({{"user", "q"}, {"assistant", "a"}}), {false, true}).text,
            "a<end>");
}

TEST(AssistantSpans, take_only_the_messages_asked_for) {
  EXPECT_EQ(
      trained(published("chatml"), conversation("turns"), {false, false, false, false, true, false})
          .text,
      "zwei<|im_end|>");
}

TEST(AssistantSpans, count_turns_without_an_end_token) {
  const ChatTemplate chat = template_of(
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n\n"
      "{% endfor %}");
  const Trained turns = trained(chat, messages({{"user", "q"}, {"assistant", "a"}, {"user", "r"}}));
  EXPECT_EQ(turns.text, "a");
  EXPECT_EQ(turns.spans.turns_without_end, 1);
}

TEST(AssistantSpans, refuse_a_template_that_leaves_out_the_words) {
  const ChatTemplate chat = template_of("{% for m in messages %}{{ m.role }}{% endfor %}");
  try {
    trained(chat, messages({{"user", "q"}, {"assistant", "a"}}));
    FAIL() << "no error";
  } catch (const BadInput& error) {
    EXPECT_EQ(error.problems().at(0).where, "messages[1].content");
  }
  EXPECT_EQ(trained(chat, messages({{"user", "q"}, {"assistant", " \n"}})).text, "");
}

// What the assistant wrote stays known as such, whatever a template does to it.
TEST(AssistantSpans, follow_words_through_string_operations) {
  const std::pair<const char*, const char*> cases[] = {
      {"{{ c | trim }}", "Caf\u00e9, 'au' lait"},
      {"{{ c.strip()[1:-1] }}", "af\u00e9, 'au' lai"},
      {"{{ 'x' ~ c.split(',')[0] + '!' }}", "  Caf\u00e9"},
      {"{{ (c | upper)[2:6] }}", "CAF\u00c9"},
      {"{{ c.strip() | replace('au', 'with') }}", "Caf\u00e9, 'with' lait"},
      {"{{ [c.strip(), '!'] | join('-') }}", "Caf\u00e9, 'au' lait"},
      {"{{ c | trim | reverse }}", "tial 'ua' ,\u00e9faC"},
      {"{{ {'k': c.strip()} | tojson }}", "Caf\u00e9, 'au' lait"},
      {"{{ {'k': c.strip()} }}", "Caf\u00e9, 'au' lait"},
      {"{% set b %}<{{ c.strip() }}>{% endset %}{{ b }}", "Caf\u00e9, 'au' lait"},
      {"{% macro f(t) %}<{{ t }}>{% endmacro %}{{ f(c.strip())[1:4] }}", "Caf"},
      {"{{ c.strip() | title }}", "Caf\u00e9, 'au' Lait"},
      {"{{ (c.split() | first) * 2 }}", "Caf\u00e9,Caf\u00e9,"},
      {"{% for x in c.split(\"'\") %}<{{ x | trim }}>{% endfor %}", "Caf\u00e9,aulait"},
      {"{{ c | length }}", ""},
  };
  const Json words = messages({{"assistant", "  Caf\u00e9, 'au' lait\n"}})["messages"];
  for (const auto& [source, expected] : cases) {
    SCOPED_TRACE(source);
    const ChatTemplate chat =
        template_of(std::string("{% set c = messages[0].content %}") + source);
    const RenderedChat rendered = chat.render(words, kOptions);
    EXPECT_EQ(text_of(rendered.text, plain_regions(rendered)), expected);
  }
}

TEST(TokenMarks, leave_a_token_over_an_edge_untrained_and_count_it) {
  const std::vector<Extent> tokens{{0, 0}, {0, 3}, {3, 5}, {5, 6}, {6, 9}, {9, 12}, {12, 12}};
  const std::vector<Extent> spans{{4, 6}, {7, 8}, {9, 12}};
  const TokenMarks marks = mark_tokens(tokens, spans);
  EXPECT_EQ(marks.trained, (std::vector<std::uint8_t>{0, 0, 0, 1, 0, 1, 0}));
  EXPECT_EQ(marks.straddling, 2);  // {3, 5} and {6, 9}
  EXPECT_EQ(mark_tokens(tokens, {}).trained, std::vector<std::uint8_t>(7, 0));
}

TEST(ChatTemplate, says_which_message_a_template_refuses) {
  try {
    published("mistral_shape").render(conversation("order")["messages"], kOptions);
    FAIL() << "no error";
  } catch (const BadInput& error) {
    EXPECT_EQ(error.problems().at(0).where, "messages[1]");
    EXPECT_EQ(error.problems().at(0).why, "test.jinja:18");
    EXPECT_NE(error.problems().at(0).what.find("user and assistant take turns"), std::string::npos);
  }
}

TEST(ChatTemplate, says_what_is_wrong_with_messages) {
  const ChatTemplate chat = published("chatml");
  const std::pair<Json, const char*> cases[] = {
      {Json("hi"), "messages"},
      {Json::array({"hi"}), "messages[0].role"},
      {Json::array({{{"role", "user"}, {"content", ""}}, {{"content", "a"}}}), "messages[1].role"},
      {Json::array({{{"role", 1}}}), "messages[0].role"},
      {Json::array({{{"role", "user"}, {"content", "a\xff"}}}), "messages[0]"},
  };
  for (const auto& [given, where] : cases) {
    try {
      chat.render(given, kOptions);
      FAIL() << where;
    } catch (const BadInput& error) {
      EXPECT_EQ(error.problems().at(0).where, where);
    }
  }
}

}  // namespace
}  // namespace temper
