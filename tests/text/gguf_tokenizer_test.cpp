// Tokenizers that GGUF files embed.
#include <gtest/gtest.h>

#include <cstdlib>

#include "oracle_texts.hpp"
#include "text/gguf_tokenizer.hpp"
#include "text/gguf_words.hpp"
#include "text/load_tokenizer.hpp"

namespace temper {
namespace {

namespace fs = std::filesystem;
const fs::path kData = fs::path(TEMPER_SOURCE_DIR) / "tests/text/data";

struct Encoder {
  explicit Encoder(Checked<Tokenizer> made)
      : tokenizer(value_or_throw(std::move(made))), scratch(tokenizer.make_scratch()) {}
  Ids encode(const std::string& text, const EncodeOptions& options = {}) {
    Ids ids;
    tokenizer.encode(text, options, *scratch, ids);
    return ids;
  }
  Tokenizer tokenizer;
  std::unique_ptr<Tokenizer::Scratch, void (*)(Tokenizer::Scratch*)> scratch;
};

Json recorded() { return value_or_throw(read_json_file(kData / "tokenizer_families.json")); }

GgufValue text_value(const std::string& text) { return {GgufType::string, GgufType::u32, text}; }
GgufValue texts(std::vector<std::string> values) {
  return {GgufType::array, GgufType::string, std::move(values)};
}
GgufValue integers(std::vector<std::int64_t> values) {
  return {GgufType::array, GgufType::i32, std::move(values)};
}
GgufValue numbers(std::vector<double> values) {
  return {GgufType::array, GgufType::f32, std::move(values)};
}

using Metadata = std::vector<std::pair<std::string, GgufValue>>;

Metadata byte_level() {
  return {{"tokenizer.ggml.model", text_value("gpt2")},
          {"tokenizer.ggml.pre", text_value("smollm")},
          {"tokenizer.ggml.tokens", texts({"<s>", "a", "b", "ab", "\u0120", "</s>", "<tool>"})},
          {"tokenizer.ggml.token_type", integers({3, 1, 1, 1, 1, 3, 4})},
          {"tokenizer.ggml.merges", texts({"a b"})},
          {"tokenizer.ggml.bos_token_id", {GgufType::u32, GgufType::u32, std::int64_t(0)}},
          {"tokenizer.ggml.eos_token_id", {GgufType::u32, GgufType::u32, std::int64_t(5)}}};
}

Metadata sentence_piece() {
  return {{"tokenizer.ggml.model", text_value("llama")},
          {"tokenizer.ggml.tokens", texts({"<unk>", "<s>", "a", "b", "ab", "\u2581", "s", ">"})},
          {"tokenizer.ggml.scores", numbers({0, 0, -3, -4, -1, -2, -5, -6})},
          {"tokenizer.ggml.token_type", integers({2, 3, 1, 1, 1, 1, 1, 1})},
          {"tokenizer.ggml.bos_token_id", {GgufType::u32, GgufType::u32, std::int64_t(1)}}};
}

Metadata with(Metadata metadata, const std::string& key, GgufValue value) {
  for (auto& [name, held] : metadata)
    if (name == "tokenizer.ggml." + key) return held = std::move(value), metadata;
  metadata.emplace_back("tokenizer.ggml." + key, std::move(value));
  return metadata;
}

Metadata without(Metadata metadata, const std::string& key) {
  std::erase_if(metadata,
                [&](const auto& entry) { return entry.first == "tokenizer.ggml." + key; });
  return metadata;
}

GgufHeader header_of(Metadata metadata) {
  GgufHeader header;
  header.file = "model.gguf";
  header.metadata = std::move(metadata);
  return header;
}

std::string problem_of(Metadata metadata) {
  return to_text(tokenizer_json_of(header_of(std::move(metadata))).problems());
}

Encoder encoder_of(Metadata metadata) {
  return Encoder(Tokenizer::from_json(
      value_or_throw(tokenizer_json_of(header_of(std::move(metadata)))), "model.gguf"));
}

GgufValue flag(bool value) { return {GgufType::boolean, GgufType::u32, std::int64_t(value)}; }

fs::path smollm_folder() {
  const char* prefix = std::getenv("TEMPER_PREFIX");
  const char* home = std::getenv("HOME");
  const fs::path root = prefix ? prefix : std::string(home ? home : "") + "/.cache/temper";
  return root / "models/SmolLM2-135M-Instruct";
}

}  // namespace

TEST(GgufTokenizer, sentence_piece_by_scores_is_sentencepiece) {
  Encoder encoder(load_tokenizer(kData / "family_spm_bpe.gguf"));
  const Json record = recorded()["sentencepiece"];
  const auto lines = record["texts"].get<std::vector<std::string>>();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const EncodeOptions as_text{.add_special_tokens = false,
                                .plain = {{0, std::int64_t(lines[i].size())}}};
    const Ids ids = encoder.encode(lines[i], as_text);
    EXPECT_EQ(hash_of(ids), record["lines"][i]) << Json(lines[i]).dump() << Json(ids).dump();
  }
  Fnv ids_hash, decoded;
  std::size_t line = 0, used = 0;
  each_gloss([&](const std::string& gloss) {
    const Ids ids = encoder.encode(gloss, {.add_special_tokens = false});
    ids_hash.add(ids);
    ids_hash.add(-1);
    if (line++ % 20 == 7)
      decoded.add((used++ == 0 ? "" : "\n") + encoder.tokenizer.decode(ids, false));
  });
  if (line == 0) GTEST_SKIP() << "WordNet is not installed (Debian: wordnet-base)";
  EXPECT_EQ(ids_hash.hex(), record["glosses"]);
  EXPECT_EQ(decoded.hex(), record["decoded"]);
  EXPECT_EQ(encoder.encode("a").front(), 1);  // <s>
}

TEST(GgufTokenizer, smollm2_embeds_the_tokenizer_of_its_tokenizer_json) {
  const fs::path folder = smollm_folder();
  fs::path file;
  if (fs::exists(folder / "tokenizer.json"))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".gguf") file = entry.path();
  if (file.empty()) GTEST_SKIP() << "no GGUF with a tokenizer.json in " << folder;
  Encoder embedded(load_tokenizer(file)), beside(load_tokenizer(folder / "tokenizer.json"));
  EXPECT_EQ(embedded.tokenizer.vocab_size(), beside.tokenizer.vocab_size());
  const auto expect_same = [&](const std::string& text) {
    const Ids ids = embedded.encode(text);
    ASSERT_EQ(ids, beside.encode(text)) << text;
    ASSERT_EQ(embedded.tokenizer.decode(ids, true), beside.tokenizer.decode(ids, true));
  };
  for (const std::string& line : recorded()["lines"].get<std::vector<std::string>>())
    expect_same(line);
  each_gloss(expect_same);
}

TEST(GgufTokenizer, adds_what_the_metadata_ask_for) {
  EXPECT_EQ(encoder_of(byte_level()).encode("ab a"), (Ids{3, 4, 1}));
  EXPECT_EQ(encoder_of(with(byte_level(), "add_bos_token", flag(true))).encode("a<s>"),
            (Ids{0, 1, 0}));
  EXPECT_EQ(encoder_of(with(byte_level(), "add_eos_token", flag(true))).encode("a"), (Ids{1, 5}));
  EXPECT_EQ(encoder_of(with(byte_level(), "pre", text_value("llama-bpe"))).encode("a"),
            (Ids{0, 1}));
  EXPECT_TRUE(encoder_of(byte_level()).tokenizer.is_special(5));
  EXPECT_FALSE(encoder_of(byte_level()).tokenizer.is_special(6));
  EXPECT_EQ(encoder_of(sentence_piece()).encode("ab a"), (Ids{1, 5, 4, 5, 2}));
  EXPECT_EQ(encoder_of(with(sentence_piece(), "add_space_prefix", flag(false))).encode("ab"),
            (Ids{1, 4}));
  EXPECT_EQ(encoder_of(with(sentence_piece(), "add_bos_token", flag(false))).encode("ab"),
            (Ids{5, 4}));
}

TEST(GgufTokenizer, every_known_pre_tokenizer_loads_and_keeps_the_text) {
  for (const std::string& name : gguf_word_names()) {
    Encoder encoder = encoder_of(with(byte_level(), "pre", text_value(name)));
    EXPECT_EQ(encoder.tokenizer.decode(encoder.encode("ab abab a"), true), "ab abab a") << name;
  }
}

TEST(GgufTokenizer, names_the_key_of_what_it_cannot_read) {
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nlacks: " << part;
  };
  const std::string prefix = "model.gguf: tokenizer.ggml.";
  has(problem_of({}), prefix + "tokens: missing");
  has(problem_of(without(byte_level(), "model")), prefix + "model: missing");
  has(problem_of(with(byte_level(), "model", text_value("rwkv"))),
      prefix + "model: the kind \"rwkv\" is not supported yet");
  has(problem_of(without(byte_level(), "pre")), prefix + "pre: missing");
  has(problem_of(with(byte_level(), "pre", text_value("smolm"))),
      prefix +
          "pre: \"smolm\" is not supported yet (how words are cut would be a guess). "
          "Did you mean \"smollm\"?");
  has(problem_of(with(byte_level(), "pre", text_value("superbpe"))), "Known are default, gpt-2");
  has(problem_of(without(byte_level(), "merges")), prefix + "merges: missing");
  has(problem_of(with(byte_level(), "merges", texts({"ab"}))), prefix + "merges[0]: two tokens");
  has(problem_of(with(byte_level(), "tokens", texts({"a", "a"}))),
      prefix + "tokens[1]: \"a\" stands here twice (it is token 0 too)");
  has(problem_of(with(byte_level(), "tokens", texts({"a", "\xFF"}))), "tokens[1]: invalid UTF-8");
  has(problem_of(with(byte_level(), "token_type", integers({1}))),
      prefix + "token_type: it has 1 entries (there are 7 tokens)");
  has(problem_of(with(byte_level(), "token_type", integers({1, 1, 1, 1, 1, 1, 9}))),
      prefix + "token_type[6]: 9 is no type of token");
  Metadata far =
      with(byte_level(), "bos_token_id", {GgufType::u32, GgufType::u32, std::int64_t(7)});
  has(problem_of(with(far, "add_bos_token", flag(true))), prefix + "bos_token_id: 7 is no token");
  has(problem_of(without(sentence_piece(), "scores")), prefix + "scores: missing");
  has(problem_of(with(sentence_piece(), "scores", numbers({0}))),
      prefix + "scores: it has 1 entries");
  has(problem_of(with(sentence_piece(), "remove_extra_whitespaces", flag(true))),
      prefix + "remove_extra_whitespaces: true is not supported yet");
}

}  // namespace temper
