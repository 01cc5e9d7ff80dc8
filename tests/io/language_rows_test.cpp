#include "support/language_rows.hpp"

namespace temper {

namespace {

const Json kMessages = {{"row_format", "messages"}};

}  // namespace

TEST_F(LanguageRows, conversations_learn_the_assistants_words_and_ends_and_nothing_else) {
  open(language("sft",
                conversation({{"user", "Hello there"}, {"assistant", "Hello world"}}) +
                    conversation({{"system", "Be kind."},
                                  {"user", "One?"},
                                  {"assistant", "Two."},
                                  {"user", "Three <|im_end|> four?"},
                                  {"assistant", " five\nsix "}}),
                kMessages));
  EXPECT_EQ(text(0),
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
            "Face<|im_end|>\n<|im_start|>user\nHello there<|im_end|>\n<|im_start|>assistant\nHello "
            "world<|im_end|>\n");
  EXPECT_EQ(learned(0), "Hello world<|im_end|>");
  EXPECT_EQ(train().trained_bytes(0), 11);
  EXPECT_EQ(learned(1), "Two.<|im_end|> five\nsix <|im_end|>");
  // What a user writes is no control token: two ends of the user's, one of the system's, two of the
  // assistant's.
  const auto tokens = ids(1);
  EXPECT_EQ(std::count(tokens.begin(), tokens.end(), 5), 5);
  EXPECT_NE(text(1).find("Three <|im_end|> four?"), std::string::npos);
  EXPECT_EQ(train().id(1), "t0.jsonl:2");
  const StoreCard::Split& split = store_->card().splits[0];
  std::int64_t trained = 0;
  for (std::int64_t d = 0; d < 2; ++d)
    for (const std::uint8_t mark : marks(d)) trained += mark & kTrained;
  EXPECT_EQ(split.trained_tokens, trained);
}

TEST_F(LanguageRows, tokens_and_marks_are_those_of_tokenizers_and_jinja2) {
  const Json recorded =
      read_json_file(TEMPER_SOURCE_DIR "/tests/io/data/chat_rows.json").value()["rows"];
  std::string rows;
  for (const Json& row : recorded) rows += Json{{"messages", row["messages"]}}.dump() + "\n";
  open(language("sft", rows, kMessages));
  ASSERT_EQ(train().documents(), std::int64_t(recorded.size()));
  for (std::int64_t d = 0; d < train().documents(); ++d) {
    const Json& row = recorded[std::size_t(d)];
    EXPECT_EQ(ids(d), row["ids"].get<std::vector<std::int32_t>>()) << row["messages"];
    std::vector<int> learned;
    for (const std::uint8_t mark : marks(d)) learned.push_back(mark & kTrained);
    EXPECT_EQ(learned, row["learned"].get<std::vector<int>>()) << row["messages"];
  }
}

TEST_F(LanguageRows, everything_is_learned_where_the_manifest_says_so) {
  Json json = language("sft", conversation({{"user", "Hi"}, {"assistant", "Yes"}}), kMessages);
  json["learned"] = "everything";
  open(json);
  EXPECT_EQ(learned(0), text(0));
}

TEST_F(LanguageRows, alpaca_and_sharegpt_rows_become_conversations) {
  open(language("sft",
                "{\"instruction\":\"Add\",\"input\":\"1 2\",\"output\":\"3\",\"system\":\"Sum.\","
                "\"history\":[[\"Hi\",\"Ho\"]]}\n",
                {{"row_format", "alpaca"}}));
  EXPECT_EQ(text(0),
            "<|im_start|>system\nSum.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
            "<|im_start|>assistant\nHo<|im_end|>\n<|im_start|>user\nAdd\n1 2<|im_end|>\n"
            "<|im_start|>assistant\n3<|im_end|>\n");
  EXPECT_EQ(learned(0), "Ho<|im_end|>3<|im_end|>");
  open(language("sft",
                "{\"conversations\":[{\"from\":\"human\",\"value\":\"a\"},{\"from\":\"gpt\","
                "\"value\":\"b\"}],\"system\":\"s\"}\n",
                {{"row_format", "sharegpt"}}));
  EXPECT_EQ(learned(0), "b<|im_end|>");
  EXPECT_NE(text(0).find("system\ns<|im_end|>"), std::string::npos);
}

TEST_F(LanguageRows, completions_are_learned_with_their_end_and_without_a_template) {
  Json json = language("sft", "{\"prompt\":\"Two plus two\",\"completion\":\" is four\"}\n",
                       {{"row_format", "prompt-completion"}});
  json["chat_template"] = "";
  open(json);
  EXPECT_EQ(text(0), "Two plus two is four<|im_end|>");
  EXPECT_EQ(learned(0), " is four<|im_end|>");
  EXPECT_EQ(train().trained_bytes(0), 8);
  json["learned"] = "everything";
  open(json);
  EXPECT_EQ(learned(0), text(0));
  // A token over the edge belongs to neither and is counted.
  json = language("sft", "{\"prompt\":\"Two plus two \",\"completion\":\"is four\"}\n",
                  {{"row_format", "prompt-completion"}});
  open(json);
  EXPECT_EQ(learned(0), " four<|im_end|>");
  EXPECT_EQ(store_->card().cleaning["straddling_tokens"], 1);
}

TEST_F(LanguageRows, prompts_of_messages_learn_the_answer_alone) {
  open(language("sft",
                "{\"prompt\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
                "\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}],\"completion\":[{"
                "\"role\":\"assistant\",\"content\":\"d\"}]}\n",
                {{"row_format", "prompt-completion"}}));
  EXPECT_EQ(learned(0), "d<|im_end|>");
}

TEST_F(LanguageRows, a_beginning_that_the_tokenizer_adds_stands_once) {
  Json json = language("sft", conversation({{"user", "Hi"}, {"assistant", "Yes"}}), kMessages);
  json["tokenizer"] = surrounded_by("<s>", "", "small_bpe.json");
  json["special_tokens"]["bos_token"] = "<s>";
  open(json);
  EXPECT_EQ(ids(0)[0], 0);
  EXPECT_EQ(ids(0)[1], 4);
  json["chat_template"] = "{{ bos_token }}" + json["chat_template"].get<std::string>();
  open(json);
  EXPECT_EQ(ids(0)[0], 0);
  EXPECT_EQ(ids(0)[1], 4);
  EXPECT_EQ(learned(0), "Yes<|im_end|>");
}

TEST_F(LanguageRows, what_is_cut_is_counted_and_a_row_with_nothing_left_is_bad) {
  const std::string rows =
      conversation({{"user", "Hi"}, {"assistant", "one two three four five six seven"}}) +
      conversation({{"user", "one two three four five six seven eight nine"}, {"assistant", "a"}});
  Json json = language("sft", rows, {{"row_format", "messages"}, {"max_bad_rows", 1}});
  json["chat_template"] =
      "{% for m in messages %}{{ m.role + ':' + m.content + '<|im_end|>' }}"
      "{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";
  open(json);
  const std::int64_t whole = train().length(0);
  json["max_length"] = whole - 2;
  open(json);
  EXPECT_EQ(train().documents(), 1);
  EXPECT_EQ(train().length(0), whole - 2);
  EXPECT_EQ(store_->card().cleaning["learned_tokens_cut"], 2);
  EXPECT_EQ(store_->card().cleaning["cut_to_max_length"], 1);
  EXPECT_EQ(store_->card().cleaning["bad_row_samples"][0]["where"], "t0.jsonl:2");
  json["data"]["max_bad_rows"] = 0;
  EXPECT_NE(failure_of(json).find("t0.jsonl:2: has nothing to learn in the"), std::string::npos)
      << failure_of(json);
  json["data"]["truncation"] = "left";
  open(json);
  EXPECT_EQ(train().documents(), 2);
  EXPECT_EQ(store_->card().cleaning["learned_tokens_cut"], 0);
}

TEST_F(LanguageRows, bad_conversations_are_named_by_file_and_line) {
  Json json = language("sft",
                       conversation({{"user", "Hi"}, {"assistant", "Yes"}}) +
                           conversation({{"user", "Hi"}}) +
                           conversation({{"user", "Hi"}, {"asistant", "Yes"}}),
                       kMessages);
  std::string words = failure_of(json);
  EXPECT_NE(words.find("t0.jsonl:2: has no assistant's turn"), std::string::npos) << words;
  EXPECT_NE(words.find("t0.jsonl:3: \"messages\" message 2 has the role \"asistant\". Did you mean "
                       "\"assistant\"?"),
            std::string::npos)
      << words;
  json = language("sft", conversation({{"user", "Hi"}, {"assistant", "a"}, {"user", "Yes"}}),
                  kMessages);
  json["chat_template"] =
      "{% for m in messages %}{% if m.content == 'Yes' %}{{ raise_exception('roles must "
      "alternate') }}{% endif %}{{ m.role + ':' + m.content + '<|im_end|>' }}{% endfor %}"
      "{% if add_generation_prompt %}assistant:{% endif %}";
  words = failure_of(json);
  EXPECT_NE(words.find("t1.jsonl:1: "), std::string::npos) << words;
  EXPECT_NE(words.find("roles must alternate"), std::string::npos) << words;
  json["chat_template"] = "";
  EXPECT_NE(failure_of(json).find("model.chat_template: is missing"), std::string::npos);
}

TEST_F(LanguageRows, cleaning_duplicates_and_leaks_are_those_of_all_messages) {
  std::string rows;
  for (int i = 0; i < 120; ++i)
    rows += conversation({{"user", "Define  the noun: w" + std::to_string(i % 100) + "."},
                          {"assistant", "thing " + std::to_string(i % 100)}});
  Json json = language("sft", rows,
                       {{"row_format", "messages"},
                        {"clean", {"whitespace", "dedup"}},
                        {"split", {{"train", 0.6}, {"validation", 0.2}, {"test", 0.2}}}});
  open(json);
  const Json& cleaning = store_->card().cleaning;
  EXPECT_EQ(cleaning["steps"][0]["changed"], 120);
  EXPECT_EQ(cleaning["steps"][0]["samples"][0]["became"], "Define the noun: w0.");
  EXPECT_EQ(cleaning["steps"][1]["dropped"], 20);
  EXPECT_EQ(cleaning["kept"], 100);
  json["data"]["train_file"] = {
      file("e.jsonl", conversation({{"user", "a"}, {"assistant", " "}}) +
                          conversation({{"user", "a"}, {"assistant", "b"}}))};
  json["data"]["clean"] = {"drop_empty"};
  json["data"]["split"] = nullptr;
  open(json);
  EXPECT_EQ(train().documents(), 1);
  EXPECT_EQ(train().id(0), "e.jsonl:2");
}

TEST_F(LanguageRows, any_number_of_ranks_writes_the_same_bytes) {
  std::string rows;
  for (int i = 0; i < 200; ++i)
    rows += i % 11 == 7
                ? "broken\n"
                : conversation({{"user", "Count to " + std::to_string(i)},
                                {"assistant", std::string(std::size_t(i % 40), 'x') + " y"}});
  Json sft = language("sft", rows, {{"row_format", "messages"}, {"max_bad_rows", 50}});
  std::string texts;
  for (int i = 0; i < 50; ++i)
    texts += Json{{"text", std::string(std::size_t(i * 7), 'a') + " b"}}.dump() + "\n";
  Json clm = language("clm", texts, {{"row_format", "text"}});
  clm["max_length"] = 16;
  const Group alone = world_.split(world_.rank(), 0);
  int number = 0;
  for (const Json& json : {sft, clm}) {
    const std::string name = "bytes" + std::to_string(number++);
    std::string one;
    if (world_.rank() == 0) one = store_bytes(alone, json, name + "one.h5");
    const std::string many = store_bytes(world_, json, name + "many.h5");
    if (world_.rank() == 0) {
      EXPECT_TRUE(one == many);
    }
  }
}

}  // namespace temper
