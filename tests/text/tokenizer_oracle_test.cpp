// Ids against those of the `tokenizers` library, recorded by tests/oracles/tokenizer_ids.py.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>

#include "oracle_texts.hpp"
#include "text/stream_decoder.hpp"
#include "text/tokenizer.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {
namespace {

const std::filesystem::path kData = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/text/data";

Json read(const std::filesystem::path& path) { return value_or_throw(read_json_file(path)); }

const Json& oracle() {
  static const Json recorded = read(kData / "tokenizer_ids.json");
  return recorded;
}

// Every code point once, 64 to a line; `apart`: each within a word of its own.
void each_code_point_line(bool apart, const Use& use) {
  for (char32_t base = 0; base < 0x110000; base += 64) {
    std::string line;
    for (char32_t c = base; c < base + 64; ++c) {
      if (c == 0 || (c >= 0xD800 && c < 0xE000)) continue;
      if (apart) line += line.empty() ? "a" : " a";
      append_utf8(c, line);
      if (apart) line += 'b';
    }
    if (!line.empty()) use(line);
  }
}

class Encoder {
 public:
  explicit Encoder(Tokenizer tokenizer)
      : tokenizer_(std::move(tokenizer)), scratch_(tokenizer_.make_scratch()) {}

  Ids encode(const std::string& text, bool special = true) {
    Ids ids;
    tokenizer_.encode(text, {.add_special_tokens = special}, *scratch_, ids);
    return ids;
  }
  Ids encode_pair(const std::string& first, const std::string& second,
                  std::vector<std::uint8_t>& types) {
    Ids ids;
    tokenizer_.encode_pair(first, second, {}, *scratch_, ids, types);
    return ids;
  }
  std::string decode(const Ids& ids, bool skip) const { return tokenizer_.decode(ids, skip); }

  // The same ids by the other way, with places in order within the text.
  void expect_offsets(const std::string& text, const Ids& ids, const std::string& place) {
    Encoding encoding;
    tokenizer_.encode_with_offsets(text, {}, *scratch_, encoding);
    ASSERT_EQ(encoding.ids, ids) << place;
    ASSERT_EQ(encoding.offsets.size(), ids.size()) << place;
    Extent before;
    for (const Extent& extent : encoding.offsets) {
      EXPECT_TRUE(before.begin <= extent.begin && extent.begin <= extent.end &&
                  extent.end <= std::int64_t(text.size()))
          << place << ": " << extent.begin << " to " << extent.end;
      before = extent;
    }
  }

  // Tokens one by one give the same text, each time in whole characters.
  void expect_stream(const Ids& ids, const std::string& place) const {
    for (const bool skips : {false, true}) {
      StreamDecoder stream(tokenizer_, skips);
      std::string text;
      for (const std::int32_t id : ids) {
        const std::string part = stream.push(id);
        EXPECT_FALSE(find_invalid_utf8(part)) << place;
        text += part;
      }
      EXPECT_EQ(text + stream.finish(), tokenizer_.decode(ids, skips)) << place;
    }
  }

  std::vector<std::string> hashes(const std::function<void(const Use&)>& each, std::size_t group) {
    std::vector<std::string> found;
    Fnv hash;
    std::size_t lines = 0;
    each([&](const std::string& line) {
      hash.add(encode(line));
      hash.add(-1);
      if (++lines % group != 0) return;
      found.push_back(hash.hex());
      hash = {};
    });
    found.push_back(hash.hex());
    return found;
  }

 private:
  Tokenizer tokenizer_;
  std::unique_ptr<Tokenizer::Scratch, void (*)(Tokenizer::Scratch*)> scratch_;
};

void expect_record(const Json& record, Encoder& encoder, const std::string& name) {
  const auto lines = oracle()["hostile"].get<std::vector<std::string>>();
  Fnv plain, pairs, types;
  std::string skipping;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string place = name + ", line " + std::to_string(i) + ": " + Json(lines[i]).dump();
    const Ids ids = encoder.encode(lines[i]);
    if (record["lines"][i].is_array()) {
      EXPECT_EQ(ids, record["lines"][i].get<Ids>()) << place;
    } else {
      EXPECT_EQ(hash_of(ids), record["lines"][i]) << place << Json(ids).dump();
    }
    encoder.expect_offsets(lines[i], ids, place);
    encoder.expect_stream(ids, place);
    EXPECT_EQ(hash_of(encoder.decode(ids, false)), record["decoded"][i])
        << place << " decoded " << encoder.decode(ids, false);
    skipping += (i == 0 ? "" : "\n") + encoder.decode(ids, true);
    plain.add(encoder.encode(lines[i], false));
    plain.add(-1);
    if (i + 1 == lines.size()) continue;
    std::vector<std::uint8_t> type_ids;
    pairs.add(encoder.encode_pair(lines[i], lines[i + 1], type_ids));
    pairs.add(-1);
    types.add(Ids(type_ids.begin(), type_ids.end()));
    types.add(-1);
  }
  EXPECT_EQ(plain.hex(), record["without_special"]) << name;
  EXPECT_EQ(pairs.hex(), record["pairs"]) << name;
  EXPECT_EQ(types.hex(), record["pair_types"]) << name;
  EXPECT_EQ(hash_of(skipping), record["decoded_skipping"]) << name;
  for (std::size_t apart = 0; apart < record["code_points"].size(); ++apart) {
    const auto each = [&](const Use& use) { each_code_point_line(apart == 1, use); };
    const Json& recorded = record["code_points"][apart];
    const std::size_t group = recorded.is_array() ? 1024 : 1 << 20;
    const Json found = encoder.hashes(each, group);
    EXPECT_EQ(recorded.is_array() ? found : found[0], recorded) << name << ", apart " << apart;
  }
}

void expect_model(const std::string& name, const std::filesystem::path& file) {
  const Json& record = oracle()["models"][name];
  Encoder encoder(value_or_throw(Tokenizer::load(file)));
  expect_record(record, encoder, name);
  if (!std::filesystem::exists("/usr/share/wordnet/data.noun"))
    GTEST_SKIP() << "WordNet is not installed (Debian: wordnet-base)";
  EXPECT_EQ(Json(encoder.hashes(each_gloss, 1000)), record["glosses"]) << name;
}

std::filesystem::path on_shelf(const std::string& model) {
  const char* prefix = std::getenv("TEMPER_PREFIX");
  const char* home = std::getenv("HOME");
  const std::filesystem::path root =
      prefix ? prefix : std::string(home ? home : "") + "/.cache/temper";
  return root / "models" / model / "tokenizer.json";
}

void expect_published(const std::string& model) {
  if (!std::filesystem::exists(on_shelf(model))) GTEST_SKIP() << on_shelf(model) << " is not there";
  expect_model(model, on_shelf(model));
}

}  // namespace

TEST(TokenizerOracle, small_byte_level_bpe) { expect_model("small_bpe", kData / "small_bpe.json"); }

TEST(TokenizerOracle, small_word_piece) {
  expect_model("small_wordpiece", kData / "small_wordpiece.json");
}

TEST(TokenizerOracle, every_component) {
  for (const Json& variant : oracle()["variants"]) {
    Json file = read(kData / (variant["base"].get<std::string>() + ".json"));
    file.merge_patch(variant["patch"]);
    const std::string name = variant["name"];
    Checked<Tokenizer> tokenizer = Tokenizer::from_json(file, name);
    ASSERT_TRUE(tokenizer) << to_text(tokenizer.problems());
    Encoder encoder(std::move(tokenizer).value());
    expect_record(variant, encoder, name);
  }
}

TEST(TokenizerOracle, minilm) { expect_published("all-MiniLM-L6-v2"); }

TEST(TokenizerOracle, smollm2) { expect_published("SmolLM2-135M-Instruct"); }

}  // namespace temper
