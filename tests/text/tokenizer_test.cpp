// The tokenizer as a whole: truncation, damage in files and texts.
#include "text/tokenizer.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>
#include <map>
#include <set>

namespace temper {
namespace {

using Ids = std::vector<std::int32_t>;

const std::filesystem::path kData = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/text/data";

// [CLS] a b ... z [SEP]: ids 1, 3 to 28, 2.
Json letters() {
  Json vocabulary{{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}};
  for (char c = 'a'; c <= 'z'; ++c) vocabulary[std::string(1, c)] = 3 + c - 'a';
  return {{"added_tokens",
           {{{"id", 1}, {"content", "[CLS]"}, {"special", true}},
            {{"id", 2}, {"content", "[SEP]"}, {"special", true}}}},
          {"normalizer", {{"type", "BertNormalizer"}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"model", {{"type", "WordPiece"}, {"vocab", vocabulary}}},
          {"post_processor",
           {{"type", "BertProcessing"}, {"cls", {"[CLS]", 1}}, {"sep", {"[SEP]", 2}}}},
          {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}}};
}

Tokenizer make(const Json& json) { return value_or_throw(Tokenizer::from_json(json, "test.json")); }

std::string problem_of(const Json& json) {
  return to_text(Tokenizer::from_json(json, "test.json").problems());
}

struct Cut {
  Ids ids;
  bool is_cut;
  friend bool operator==(const Cut&, const Cut&) = default;
};

Cut encode(const Tokenizer& tokenizer, const std::string& text, const EncodeOptions& options) {
  const auto scratch = tokenizer.make_scratch();
  Cut cut;
  cut.is_cut = tokenizer.encode(text, options, *scratch, cut.ids);
  return cut;
}

Cut encode_pair(const Tokenizer& tokenizer, const std::string& first, const std::string& second,
                std::int64_t max_length) {
  const auto scratch = tokenizer.make_scratch();
  Cut cut;
  std::vector<std::uint8_t> types;
  cut.is_cut =
      tokenizer.encode_pair(first, second, {.max_length = max_length}, *scratch, cut.ids, types);
  EXPECT_EQ(cut.ids.size(), types.size());
  return cut;
}

}  // namespace

TEST(Tokenizer, puts_special_tokens_around_and_cuts_between_them) {
  const Tokenizer tokenizer = make(letters());
  EXPECT_EQ(encode(tokenizer, "a B c", {}), (Cut{{1, 3, 4, 5, 2}, false}));
  EXPECT_EQ(encode(tokenizer, "a b c", {.add_special_tokens = false}), (Cut{{3, 4, 5}, false}));
  EXPECT_EQ(encode(tokenizer, "a b c", {.max_length = 5}), (Cut{{1, 3, 4, 5, 2}, false}));
  EXPECT_EQ(encode(tokenizer, "a b c", {.max_length = 4}), (Cut{{1, 3, 4, 2}, true}));
  EXPECT_EQ(encode(tokenizer, "a b c", {.max_length = 4, .truncation = TruncationSide::left}),
            (Cut{{1, 4, 5, 2}, true}));
  EXPECT_EQ(encode(tokenizer, "a b c", {.max_length = 2}), (Cut{{1, 2}, true}));
  EXPECT_THROW(encode(tokenizer, "a b c", {.max_length = 1}), BadInput);
  EXPECT_EQ(encode(tokenizer, "", {}), (Cut{{1, 2}, false}));
  EXPECT_EQ(tokenizer.special_tokens_added(false), 2);
  EXPECT_EQ(tokenizer.special_tokens_added(true), 3);
}

TEST(Tokenizer, of_two_texts_the_longer_one_is_cut_first) {
  const Tokenizer tokenizer = make(letters());
  EXPECT_EQ(encode_pair(tokenizer, "a b", "c d e f", 9), (Cut{{1, 3, 4, 2, 5, 6, 7, 8, 2}, false}));
  EXPECT_EQ(encode_pair(tokenizer, "a b", "c d e f", 8), (Cut{{1, 3, 4, 2, 5, 6, 7, 2}, true}));
  EXPECT_EQ(encode_pair(tokenizer, "a b", "c d e f", 6), (Cut{{1, 3, 2, 5, 6, 2}, true}));
  EXPECT_EQ(encode_pair(tokenizer, "c d e f", "a b", 7), (Cut{{1, 5, 6, 2, 3, 4, 2}, true}));
  EXPECT_EQ(encode_pair(tokenizer, "a b c d", "e f g h", 3), (Cut{{1, 2, 2}, true}));
}

TEST(Tokenizer, knows_its_tokens) {
  const Tokenizer tokenizer = make(letters());
  EXPECT_EQ(tokenizer.vocab_size(), 29);
  EXPECT_EQ(tokenizer.token(3), "a");
  EXPECT_EQ(tokenizer.token(29), "");
  EXPECT_EQ(tokenizer.token(-1), "");
  EXPECT_EQ(tokenizer.id("[SEP]"), 2);
  EXPECT_EQ(tokenizer.id("nothing"), -1);
  EXPECT_EQ(tokenizer.decode({1, 3, 4, 99, -5, 2}, true), "a b");
}

TEST(Tokenizer, names_the_byte_of_invalid_utf8) {
  const Tokenizer tokenizer = make(letters());
  for (const std::string bad : {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82",
                                "\xF8\x88\x80\x80\x80", "\xFF"}) {
    try {
      encode(tokenizer, "ab\u00E9 c" + bad, {});
      ADD_FAILURE() << "no throw";
    } catch (const BadInput& error) {
      EXPECT_NE(std::string(error.what()).find("byte 6"), std::string::npos) << error.what();
    }
  }
}

TEST(Tokenizer, refuses_what_it_does_not_know_by_path_and_name) {
  const auto with = [](const char* pointer, const Json& value) {
    Json json = letters();
    json[Json::json_pointer(pointer)] = value;
    return problem_of(json);
  };
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nlacks: " << part;
  };
  has(with("/model/type", "WordLevel"),
      "test.json: model.type: the model \"WordLevel\" is not supported yet");
  has(with("/normalizer/type", "Nmt"), "test.json: normalizer.type: the normalizer \"Nmt\"");
  for (const auto& [map, problem] :
       std::map<std::string, std::string>{{"!", "no valid base64"},
                                          {"AAAA", "it has under 4 bytes"},
                                          {"AAAAAA==", "its trie has 0 bytes"},
                                          {"/////w==", "its trie has 4294967295 bytes"},
                                          {"BAAAAAAAAAA=", "its last text does not end"},
                                          {"BAAAAAAAAAD/AA==", "its texts are invalid UTF-8"}})
    has(with("/normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", map}}),
        "test.json: normalizer.precompiled_charsmap: " + problem);
  const auto unigram = [&](const Json& vocabulary, const Json& unknown) {
    return with("/model", {{"type", "Unigram"}, {"vocab", vocabulary}, {"unk_id", unknown}});
  };
  has(unigram({{{"a", 0}}}, 0), "model.vocab[0]: [token, score] is needed");
  has(unigram(Json::array(), 0), "model.vocab: no tokens");
  has(unigram(Json::parse(R"([["a", 0.5], ["a", 1]])"), 0), "model.vocab[1]: \"a\" stands here");
  has(unigram(Json::parse(R"([["a", 0.5], ["b", "1"]])"), 0), "model.vocab[1]: [token, score]");
  has(unigram(Json::parse(R"([["a", 0.5]])"), 1), "model.unk_id: 1 is not in [0, 0]");
  has(with("/normalizer",
           {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}, {{"type", "Nmt"}}}}}),
      "normalizer.normalizers[1].type: the normalizer \"Nmt\"");
  has(with("/pre_tokenizer/type", "Magic"), "pre_tokenizer.type");
  has(with("/post_processor/type", "Magic"), "post_processor.type");
  has(with("/decoder/type", "CTC"), "decoder.type");
  has(with("/model/vocab/zz", -1), "model.vocab.[\"zz\"]: -1 is no token id");
  has(with("/model/vocab/zz", 4000000000), "is no token id");
  has(with("/model/vocab/zz", 3), "the id 3 is taken");
  has(with("/model/unk_token", "<u>"), "model.unk_token: \"<u>\" is not in the vocabulary");
  has(with("/added_tokens/0/id", 7), "added_tokens[0].id: 7 does not fit the vocabulary");
  has(with("/added_tokens/0/content", 7), "added_tokens[0].content: a string is needed");
  has(with("/post_processor/cls/1", 77), "post_processor.cls[1]: no token has the id 77");
  has(with("/pre_tokenizer",
           {{"type", "Split"}, {"pattern", {{"Regex", "a(b"}}}, {"behavior", "Removed"}}),
      "pre_tokenizer.pattern.Regex: bad pattern at byte 3");
  has(with("/pre_tokenizer",
           {{"type", "Split"}, {"pattern", {{"Regex", "a"}}}, {"behavior", "Eaten"}}),
      "pre_tokenizer.behavior: \"Eaten\" is no behavior");
  Json bpe = letters();
  bpe["model"] = {{"type", "BPE"},
                  {"vocab", bpe["model"]["vocab"]},
                  {"merges", Json::parse(R"([["a", "b"]])")}};
  has(problem_of(bpe), "model.merges[0]: \"ab\" is not in the vocabulary");
  bpe["model"]["merges"] = Json::parse(R"(["a b c"])");
  has(problem_of(bpe), "model.merges[0]: a merge is a pair of strings");
  bpe["model"]["merges"] = Json::array();
  bpe["model"]["dropout"] = 0.1;
  has(problem_of(bpe), "model.dropout: merge dropout is not supported yet");
  has(problem_of(Json::array()), "test.json: an object is needed");
}

// Each value of each file in turn becomes something else. Whatever loads must also work.
TEST(Tokenizer, survives_any_value_in_place_of_any_other) {
  const Json oracle = value_or_throw(read_json_file(kData / "tokenizer_ids.json"));
  const Json values{nullptr,
                    true,
                    -1,
                    3,
                    1e300,
                    4294967296,
                    "",
                    "x",
                    "\u0120",
                    Json::array(),
                    {1, "x"},
                    Json::object(),
                    {{"type", "Sequence"}}};
  std::set<std::string> tried;  // what no variant changes is tried once
  std::size_t refused = 0, accepted = 0;
  for (const Json& variant : oracle["variants"]) {
    Json file =
        value_or_throw(read_json_file(kData / (variant["base"].get<std::string>() + ".json")));
    file.merge_patch(variant["patch"]);
    Json vocabulary = Json::object();  // the special tokens and the added ones
    for (const auto& [token, id] : file["model"]["vocab"].items())
      if (id < 20) vocabulary[token] = id;
    file["model"]["vocab"] = vocabulary;
    if (file["model"].contains("merges")) file["model"]["merges"] = Json::array();
    const Json flat = file.flatten();
    for (const auto& [pointer, unused] : flat.items()) {
      const std::string part = pointer.substr(0, pointer.find('/', 1));
      const bool varies = variant["patch"].contains(part.substr(1));
      if (!varies && !tried.insert(variant["base"].get<std::string>() + pointer).second) continue;
      for (const Json& value : values) {
        Json damaged = file;
        damaged[Json::json_pointer(pointer)] = value;
        const Checked<Tokenizer> tokenizer = Tokenizer::from_json(damaged, "damaged");
        tokenizer ? ++accepted : ++refused;
        if (!tokenizer) continue;
        const Cut cut =
            encode(tokenizer.value(), "x <keep> single\u0301 12\u0120<s> \U0001F600", {});
        tokenizer.value().decode(cut.ids, false);
      }
    }
  }
  EXPECT_GT(refused, 1000u);
  EXPECT_GT(accepted, 500u);
}

TEST(Tokenizer, a_damaged_file_is_a_problem_with_its_name) {
  const auto path =
      std::filesystem::temp_directory_path() / ("temper_tokenizer_" + std::to_string(getpid()));
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{\"model\": \"\xFF\"}"),
        std::string(100000, '['), std::string("nul")}) {
    std::ofstream(path) << text;
    const Checked<Tokenizer> tokenizer = Tokenizer::load(path);
    ASSERT_FALSE(tokenizer);
    EXPECT_NE(to_text(tokenizer.problems()).find(path.string()), std::string::npos);
  }
  std::filesystem::remove(path);
  EXPECT_FALSE(Tokenizer::load(path));
}

TEST(Tokenizer, a_pattern_that_runs_away_meets_a_limit) {
  Json json = letters();
  json["pre_tokenizer"] = {{"type", "Split"},
                           {"pattern", {{"Regex", "(a+|[ab]+)+[cx]"}}},
                           {"behavior", "Isolated"},
                           {"invert", false}};
  const Tokenizer tokenizer = make(json);
  EXPECT_THROW(encode(tokenizer, std::string(5000, 'a') + "d", {}), BadInput);
}

TEST(Tokenizer, long_texts_without_a_break_take_time_in_proportion) {
  const Tokenizer tokenizer = value_or_throw(Tokenizer::load(kData / "small_bpe.json"));
  const std::string text(1 << 20, 'e');
  EXPECT_GT(encode(tokenizer, text, {}).ids.size(), 1000u);
  EXPECT_EQ(encode(tokenizer, text, {.max_length = 10}).ids.size(), 10u);
}

TEST(Tokenizer, every_byte_of_valid_text_comes_back_from_byte_level_ids) {
  const Tokenizer tokenizer = value_or_throw(Tokenizer::load(kData / "small_bpe.json"));
  const Json oracle = value_or_throw(read_json_file(kData / "tokenizer_ids.json"));
  for (const std::string& text : oracle["hostile"].get<std::vector<std::string>>()) {
    if (text.find('<') != std::string::npos) continue;  // added tokens take white space away
    EXPECT_EQ(tokenizer.decode(encode(tokenizer, text, {}).ids, false), text);
  }
}

}  // namespace temper
