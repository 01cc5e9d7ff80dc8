// The parts of the tokenizer on cases worked by hand.
#include <gtest/gtest.h>

#include <random>

#include "text/tokenizer/cutting/pre_tokenizer.hpp"
#include "text/tokenizer/words/bpe.hpp"
#include "text/tokenizer/words/byte_level.hpp"
#include "text/tokenizer/words/word_piece.hpp"

namespace temper {
namespace {

using Value = JsonFields::Value;
using Ids = std::vector<std::int32_t>;

Value vocabulary_of(const std::vector<std::string>& tokens) {
  Value vocabulary = Value::object();
  for (std::size_t i = 0; i < tokens.size(); ++i) vocabulary[tokens[i]] = i;
  return vocabulary;
}

template <class Append>
std::string joined(const Vocabulary& vocabulary, Append append) {
  Ids ids;
  append(ids);
  std::string text;
  for (const std::int32_t id : ids) text += (text.empty() ? "" : " ") + vocabulary.token(id);
  return text;
}

std::string pieces_of(const Value& pre_tokenizer, const std::string& text) {
  const Value root{{"pre_tokenizer", pre_tokenizer}};
  RegexScratch patterns;
  Pieces pieces;
  pieces.text = text;
  read_pre_tokenizer(JsonFields(root, "test", "")).apply(pieces, patterns);
  std::string all;
  for (const Span& span : pieces.spans) {
    if (!all.empty()) all += "|";
    all += pieces.of(span);
  }
  return all;
}

Value split(const std::string& pattern, const std::string& behavior, bool invert = false) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", behavior},
          {"invert", invert}};
}

std::string gpt2_words(const std::string& text) {
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_gpt2_word(text, at);
    all += (at == 0 ? "" : "|") + text.substr(at, end - at);
    at = end;
  }
  return all;
}

const std::string kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace

TEST(WordPiece, takes_the_longest_match_first_and_knows_a_word_whole_or_not_at_all) {
  const Value model{
      {"vocab", vocabulary_of({"[UNK]", "un", "aff", "##aff", "##able", "##a", "##ff", "##un"})},
      {"max_input_chars_per_word", 10}};
  const JsonFields fields(model, "test", "model");
  const Vocabulary vocabulary = read_vocabulary(fields);
  const WordPiece words(fields, vocabulary);
  const auto cut = [&](const char* word) {
    return joined(vocabulary, [&](Ids& ids) { words.append(word, ids); });
  };
  EXPECT_EQ(cut("unaffable"), "un ##aff ##able");
  EXPECT_EQ(cut("affun"), "aff ##un");
  EXPECT_EQ(cut("unaffx"), "[UNK]");
  EXPECT_EQ(cut("affaffaffa"), "aff ##aff ##aff ##a");
  EXPECT_EQ(cut("affaffaffaf"), "[UNK]");  // longer than max_input_chars_per_word
}

TEST(Bpe, joins_by_rank_and_from_the_left) {
  const Value model{{"vocab", vocabulary_of({"a", "b", "c", "aa", "ab", "aaa", "bc", "aaab"})},
                    {"merges", {{"a", "a"}, {"a", "b"}, "aa a", {"b", "c"}, {"aa", "ab"}}}};
  const JsonFields fields(model, "test", "model");
  const Vocabulary vocabulary = read_vocabulary(fields);
  const Bpe bpe(fields, vocabulary, false);
  BpeScratch scratch;
  const auto cut = [&](const char* word) {
    return joined(vocabulary, [&](Ids& ids) { bpe.append(word, scratch, ids); });
  };
  EXPECT_EQ(cut("aaab"), "aaab");
  EXPECT_EQ(cut("aaaa"), "aa aa");
  EXPECT_EQ(cut("aaaaa"), "aa aaa");
  EXPECT_EQ(cut("aaabc"), "aaab c");
  EXPECT_EQ(cut("abc"), "ab c");
}

TEST(Bpe, long_words_are_joined_as_the_definition_says) {
  // Every pair of short strings over {a, b} that is a token, in a shuffled order of ranks.
  std::vector<std::string> tokens{"a", "b"};
  for (std::size_t i = 0; tokens.size() < 62; ++i)
    for (const char* last : {"a", "b"}) tokens.push_back(tokens[i] + last);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& left : tokens)
    for (const auto& right : tokens)
      if (left.size() + right.size() <= 5) pairs.emplace_back(left, right);
  std::mt19937 random(7);
  std::shuffle(pairs.begin(), pairs.end(), random);
  const Value model{{"vocab", vocabulary_of(tokens)}, {"merges", pairs}};
  const JsonFields fields(model, "test", "model");
  const Vocabulary vocabulary = read_vocabulary(fields);
  const Bpe bpe(fields, vocabulary, false);
  BpeScratch scratch;
  for (std::size_t length = 1; length < 200; ++length) {
    std::string word;
    for (std::size_t i = 0; i < length; ++i) word += random() % 2 ? 'a' : 'b';
    Ids expected, ids;
    for (const char c : word) expected.push_back(c == 'a' ? 0 : 1);
    for (;;) {
      std::size_t best = 0;
      Bpe::Merge merge;
      for (std::size_t i = 1; i < expected.size(); ++i) {
        const Bpe::Merge found = bpe.merge_of(expected[i - 1], expected[i]);
        if (found.rank < merge.rank) merge = found, best = i;
      }
      if (merge.rank == Bpe::kNoRank) break;
      expected[best - 1] = merge.id;
      expected.erase(expected.begin() + std::ptrdiff_t(best));
    }
    bpe.append(word, scratch, ids);
    ASSERT_EQ(ids, expected) << word;
  }
}

TEST(ByteLevel, maps_every_byte_to_a_character_and_back) {
  const std::pair<int, char32_t> known[] = {{0x00, 0x100}, {0x09, 0x109}, {0x0A, 0x10A},
                                            {0x20, 0x120}, {0x7F, 0x121}, {0xA0, 0x142},
                                            {0xAD, 0x143}, {'A', 'A'},    {0xFF, 0xFF}};
  for (const auto& [byte, character] : known)
    EXPECT_EQ(byte_to_character(static_cast<unsigned char>(byte)), character);
  for (int byte = 0; byte < 256; ++byte)
    EXPECT_EQ(byte_of_character(byte_to_character(static_cast<unsigned char>(byte))), byte);
  EXPECT_EQ(byte_of_character(U' '), -1);
  EXPECT_EQ(byte_of_character(0x144), -1);
}

TEST(ByteLevel, cuts_as_gpt2_does) {
  EXPECT_EQ(gpt2_words("I'll pay 12345!\n\n  Ok"),
            "I|'ll| pay| 12345|!|\n\n |"
            " Ok");
  EXPECT_EQ(gpt2_words("HELLO'S  don'T"), "HELLO|'|S| | don|'|T");
  EXPECT_EQ(gpt2_words("a\t\tb  \n"), "a|\t|\t|b|  \n");
  EXPECT_EQ(gpt2_words("(x)//1.5\n"), "(|x|)//|1|.|5|\n");
  EXPECT_EQ(gpt2_words("x = 3;\r\n\r\ny"), "x| =| 3|;|\r\n\r|\n|y");
  EXPECT_EQ(gpt2_words(" e\u0301x"), " e|\u0301|x");
  EXPECT_EQ(gpt2_words("123\uFF14"), "123\uFF14");
  EXPECT_EQ(gpt2_words("   "), "   ");
}

TEST(ByteLevel, the_hand_written_cut_equals_the_pattern_on_random_text) {
  const std::u32string alphabet =
      U"aZ \u00E9 \t\n'sdtlrvem1\u0664.,\u00A0\u2028\u0301\u6F22\U0001F600";
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t i = 0, n = 1 + random() % 24; i < n; ++i)
      append_utf8(alphabet[random() % alphabet.size()], text);
    ASSERT_EQ(gpt2_words(text), pieces_of(split(kGpt2, "Isolated"), text));
  }
}

TEST(PreTokenizer, keeps_drops_or_joins_what_a_pattern_matches) {
  const std::string text = "the-final--countdown";
  EXPECT_EQ(pieces_of(split("-", "Removed"), text), "the|final|countdown");
  EXPECT_EQ(pieces_of(split("-", "Isolated"), text), "the|-|final|-|-|countdown");
  EXPECT_EQ(pieces_of(split("-", "MergedWithPrevious"), text), "the-|final-|-|countdown");
  EXPECT_EQ(pieces_of(split("-", "MergedWithNext"), text), "the|-final|-|-countdown");
  EXPECT_EQ(pieces_of(split("-", "Contiguous"), text), "the|-|final|--|countdown");
  EXPECT_EQ(pieces_of(split("-", "Removed", true), text), "-|-|-");
}

TEST(PreTokenizer, white_space_in_patterns_is_what_unicode_says) {
  EXPECT_EQ(pieces_of(split(R"(\s)", "Removed"), "a\u180Eb\u2003c\u0085d"), "a\u180Eb|c|d");
  EXPECT_EQ(pieces_of(split(R"([^\s]+)", "Removed"), "a \u3000"), " \u3000");
  EXPECT_EQ(pieces_of(split(R"((?i:'s))", "Removed"), "a'Sb'\u017Fc"), "a|b|c");
}

TEST(PreTokenizer, cuts_llama_3_and_qwen_patterns) {
  const std::string llama =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  EXPECT_EQ(pieces_of(split(llama, "Isolated"), "I'll pay 12345!\n\n  Ok"),
            "I|'ll| pay| |123|45|!\n\n| | Ok");
  EXPECT_EQ(pieces_of(split(llama, "Isolated"), "HELLO'S  don'T"), "HELLO|'S| | don|'T");
  EXPECT_EQ(pieces_of(split(llama, "Isolated"), "x = 3;\r\n\r\ny"), "x| =| |3|;\r\n\r\n|y");
}

}  // namespace temper
