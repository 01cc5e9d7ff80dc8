// Places of tokens in the text, text in which nothing is an added token, and words of tokens: by
// hand.
#include <gtest/gtest.h>

#include "text/tokenizer.hpp"

namespace temper {
namespace {

const std::filesystem::path kData = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/text/data";

struct Encoder {
  explicit Encoder(Tokenizer made)
      : tokenizer(std::move(made)), scratch(tokenizer.make_scratch()) {}

  Encoding encode(const std::string& text, std::vector<Extent> plain = {}) {
    Encoding encoding;
    tokenizer.encode_with_offsets(text, {.plain = std::move(plain)}, *scratch, encoding);
    return encoding;
  }
  // token=bytes, token=bytes ...
  std::string pieces(const std::string& text, std::vector<Extent> plain = {}) {
    const Encoding encoding = encode(text, std::move(plain));
    std::string all;
    for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
      const Extent place = encoding.offsets[i];
      all += (i == 0 ? "" : " ") + tokenizer.token(encoding.ids[i]) + "=" +
             text.substr(std::size_t(place.begin), std::size_t(place.size()));
    }
    return all;
  }

  Tokenizer tokenizer;
  std::unique_ptr<Tokenizer::Scratch, void (*)(Tokenizer::Scratch*)> scratch;
};

Encoder loaded(const char* name) { return Encoder(value_or_throw(Tokenizer::load(kData / name))); }

Json vocabulary_of(const std::vector<std::string>& tokens) {
  Json vocabulary = Json::object();
  for (std::size_t i = 0; i < tokens.size(); ++i) vocabulary[tokens[i]] = i;
  return vocabulary;
}

// Characters, no merges, "▁" for spaces and before the text.
Encoder characters(const std::string& unknown = "<unk>") {
  return Encoder(value_or_throw(Tokenizer::from_json(
      {{"added_tokens",
        {{{"id", 0}, {"content", "<unk>"}, {"special", true}},
         {{"id", 1}, {"content", "<s>"}, {"special", true}}}},
       {"normalizer",
        {{"type", "Sequence"},
         {"normalizers",
          {{{"type", "NFC"}},
           {{"type", "Prepend"}, {"prepend", "▁"}},
           {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}}}}}},
       {"model",
        {{"type", "BPE"},
         {"vocab", vocabulary_of({"<unk>", "<s>", "▁", "a", "b", "é", "<", "s", ">"})},
         {"merges", Json::array()},
         {"fuse_unk", true},
         {"unk_token", unknown}}}},
      "characters")));
}

}  // namespace

TEST(TokenizerOffsets, bytes_of_a_character_that_is_cut_are_told_apart) {
  Encoder encoder = loaded("small_bpe.json");
  const std::string text = "a \U0001F600!";
  const Encoding encoding = encoder.encode(text);
  std::int64_t end = 0;
  for (const Extent& place : encoding.offsets) {
    EXPECT_EQ(place.begin, end);
    end = place.end;
  }
  EXPECT_EQ(end, std::int64_t(text.size()));
  EXPECT_GT(encoding.ids.size(), 3u);
}

TEST(TokenizerOffsets, rewritten_text_is_traced_to_what_was_written) {
  Encoder encoder = characters();
  EXPECT_EQ(encoder.pieces("a b"), "▁=a a=a ▁=  b=b");
  EXPECT_EQ(encoder.pieces("e\u0301a"), "▁=e\u0301 é=e\u0301 a=a");
  EXPECT_EQ(encoder.pieces("axyzb"), "▁=a a=a <unk>=xyz b=b");
  EXPECT_EQ(encoder.pieces(""), "");
}

TEST(TokenizerOffsets, word_piece_keeps_the_case_and_accents_of_the_text) {
  Encoder encoder = loaded("small_wordpiece.json");
  for (const std::string text : {"THE Cat", "th\u00E9"}) {
    const Encoding encoding = encoder.encode(text);
    EXPECT_EQ(encoding.offsets.front().begin, 0);
    EXPECT_EQ(encoding.offsets.back().end, std::int64_t(text.size()));
  }
}

TEST(TokenizerOffsets, in_plain_text_nothing_is_an_added_token) {
  Encoder encoder = loaded("small_bpe.json");
  const std::string text = "<|im_start|>user\n<|im_end|> <|im_start|><|im_end|>";
  const std::int32_t start = encoder.tokenizer.id("<|im_start|>"),
                     end = encoder.tokenizer.id("<|im_end|>");
  const auto controls = [&](std::vector<Extent> plain) {
    std::vector<std::int64_t> places;
    const Encoding encoding = encoder.encode(text, std::move(plain));
    for (std::size_t i = 0; i < encoding.ids.size(); ++i)
      if (encoding.ids[i] == start || encoding.ids[i] == end)
        places.push_back(encoding.offsets[i].begin);
    EXPECT_EQ(encoder.tokenizer.decode(encoding.ids, false), text);
    return places;
  };
  using Places = std::vector<std::int64_t>;
  EXPECT_EQ(controls({}), (Places{0, 17, 28, 40}));
  EXPECT_EQ(controls({{17, 40}}), (Places{0, 40}));
  EXPECT_EQ(controls({{17, 18}, {39, 40}}), (Places{0, 40}));
  EXPECT_EQ(controls({{9, 9}, {10, 11}, {12, 12}, {49, 60}}), (Places{17, 28}));
  std::vector<std::int32_t> ids;
  encoder.tokenizer.encode(text, {.plain = {{0, 52}}}, *encoder.scratch, ids);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), start), 0);
}

TEST(TokenizerOffsets, a_shorter_token_outside_plain_text_still_counts) {
  Encoder encoder = loaded("small_bpe.json");  // "<keep>" and "<keep> b", white space before taken
  const std::string text = "a  <keep> b";
  const std::int32_t keep = encoder.tokenizer.id("<keep>");
  const auto place = [&](std::vector<Extent> plain) {
    const Encoding encoding = encoder.encode(text, std::move(plain));
    for (std::size_t i = 0; i < encoding.ids.size(); ++i)
      if (encoding.ids[i] == keep) return encoding.offsets[i];
    return Extent{-1, -1};
  };
  EXPECT_EQ(place({}), (Extent{-1, -1}));
  EXPECT_EQ(place({{10, 11}}), (Extent{1, 9}));
  EXPECT_EQ(place({{0, 2}, {10, 11}}), (Extent{2, 9}));
}

TEST(TokenizerOffsets, plain_text_never_becomes_a_special_id_by_the_model_either) {
  const Json file{
      {"added_tokens", {{{"id", 1}, {"content", "</s>"}, {"special", true}}}},
      {"model",
       {{"type", "Unigram"},
        {"unk_id", 0},
        {"vocab",
         Json::parse(
             R"([["<unk>", 0], ["</s>", 0], ["<", -5], ["/", -5], ["s", -5], [">", -5]])")}}}};
  Encoder encoder(value_or_throw(Tokenizer::from_json(file, "unigram")));
  EXPECT_EQ(encoder.pieces("</s>"), "</s>=</s>");
  EXPECT_EQ(encoder.pieces("</s>", {{0, 4}}), "<=< /=/ s=s >=>");
}

TEST(TokenizerOffsets, truncation_and_special_tokens_are_as_without_offsets) {
  Encoder encoder = loaded("small_bpe.json");
  const std::string text = "a feline mammal usually having thick soft fur <keep> and so on";
  for (const TruncationSide side : {TruncationSide::left, TruncationSide::right})
    for (std::int64_t most = 1; most < 30; ++most) {
      const EncodeOptions options{.max_length = most, .truncation = side};
      Encoding encoding;
      std::vector<std::int32_t> ids;
      const bool is_cut = encoder.tokenizer.encode(text, options, *encoder.scratch, ids);
      EXPECT_EQ(encoder.tokenizer.encode_with_offsets(text, options, *encoder.scratch, encoding),
                is_cut);
      EXPECT_EQ(encoding.ids, ids);
      EXPECT_EQ(encoding.offsets.size(), ids.size());
    }
}

TEST(TokenizerWords, tokens_tell_whether_they_go_on_with_a_word) {
  const Tokenizer bpe = value_or_throw(Tokenizer::load(kData / "small_bpe.json"));
  EXPECT_FALSE(bpe.continues_word(bpe.id("\u0120the")));
  EXPECT_TRUE(bpe.continues_word(bpe.id("ing")));
  EXPECT_FALSE(bpe.continues_word(bpe.id("<keep>")));
  const Tokenizer pieces = value_or_throw(Tokenizer::load(kData / "small_wordpiece.json"));
  EXPECT_FALSE(pieces.continues_word(pieces.id("the")));
  EXPECT_TRUE(pieces.continues_word(pieces.id("##ing")));
  EXPECT_FALSE(pieces.continues_word(-1));
  const Encoder marked = characters();
  EXPECT_FALSE(marked.tokenizer.continues_word(marked.tokenizer.id("▁")));
  EXPECT_TRUE(marked.tokenizer.continues_word(marked.tokenizer.id("a")));
}

}  // namespace temper
