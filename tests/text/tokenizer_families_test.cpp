// Small tokenizers in the configurations that families publish, against the `tokenizers` library:
// recorded by tests/oracles/tokenizer_families.py.
#include <gtest/gtest.h>

#include <set>

#include "oracle_texts.hpp"
#include "text/stream_decoder.hpp"
#include "text/tokenizer.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {
namespace {

const std::filesystem::path kData = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/text/data";

Json read(const std::string& name) { return value_or_throw(read_json_file(kData / name)); }

// Places without those of the post-processor's tokens, in whole characters, as the reference has
// them.
void add_places(const std::string& text, const Encoding& encoding, Ids& places) {
  const auto is_inside = [&](std::int64_t at) {
    return at < std::int64_t(text.size()) &&
           (static_cast<unsigned char>(text[std::size_t(at)]) & 0xC0) == 0x80;
  };
  for (Extent place : encoding.offsets) {
    if (place.empty()) continue;
    while (is_inside(place.begin)) --place.begin;
    while (is_inside(place.end)) ++place.end;
    places.push_back(std::int32_t(place.begin));
    places.push_back(std::int32_t(place.end));
  }
}

struct Family {
  explicit Family(Tokenizer made) : tokenizer(std::move(made)), scratch(tokenizer.make_scratch()) {}

  Ids encode(const std::string& text) {
    Ids ids;
    tokenizer.encode(text, {}, *scratch, ids);
    return ids;
  }
  Encoding place(const std::string& text) {
    Encoding encoding;
    tokenizer.encode_with_offsets(text, {}, *scratch, encoding);
    return encoding;
  }
  std::string stream(const Ids& ids, bool skips) const {
    StreamDecoder decoder(tokenizer, skips);
    std::string text;
    for (const std::int32_t id : ids) {
      const std::string part = decoder.push(id);
      EXPECT_FALSE(find_invalid_utf8(part));
      text += part;
    }
    return text + decoder.finish();
  }

  Tokenizer tokenizer;
  std::unique_ptr<Tokenizer::Scratch, void (*)(Tokenizer::Scratch*)> scratch;
};

Family load(const Json& record) {
  Json file = read(record["base"].get<std::string>() + ".json");
  file.merge_patch(record["patch"]);
  return Family(value_or_throw(Tokenizer::from_json(file, record["name"])));
}

// As recorded; where characters were composed, at least what is recorded.
void expect_places(const Ids& places, const Json& record, const std::string& place) {
  if (record.is_string()) {
    EXPECT_EQ(hash_of(places), record) << place << Json(places).dump();
    return;
  }
  const Ids recorded = record.get<Ids>();
  ASSERT_EQ(places.size(), recorded.size()) << place;
  for (std::size_t i = 0; i < places.size(); i += 2) {
    EXPECT_LE(places[i], recorded[i]) << place << Json(places).dump();
    EXPECT_GE(places[i + 1], recorded[i + 1]) << place << Json(places).dump();
  }
}

void expect_lines(Family& family, const Json& record, const std::vector<std::string>& lines) {
  std::string skipping;
  Fnv pairs;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string place = record["name"].get<std::string>() + ", line " + std::to_string(i) +
                              ": " + Json(lines[i]).dump();
    const Ids ids = family.encode(lines[i]);
    EXPECT_EQ(hash_of(ids), record["lines"][i]) << place << Json(ids).dump();
    const Encoding encoding = family.place(lines[i]);
    EXPECT_EQ(encoding.ids, ids) << place;
    Ids places;
    add_places(lines[i], encoding, places);
    if (!record["offsets"].is_null()) expect_places(places, record["offsets"][i], place);
    const std::string decoded = family.tokenizer.decode(ids, false);
    EXPECT_EQ(hash_of(decoded), record["decoded"][i]) << place << " decoded " << decoded;
    EXPECT_EQ(family.stream(ids, false), decoded) << place;
    const std::string skipped = family.tokenizer.decode(ids, true);
    EXPECT_EQ(family.stream(ids, true), skipped) << place;
    skipping += (i == 0 ? "" : "\n") + skipped;
    if (i + 1 == lines.size()) continue;
    Ids both;
    std::vector<std::uint8_t> types;
    family.tokenizer.encode_pair(lines[i], lines[i + 1], {}, *family.scratch, both, types);
    pairs.add(both);
    pairs.add(-1);
  }
  EXPECT_EQ(hash_of(skipping), record["decoded_skipping"]) << record["name"];
  EXPECT_EQ(pairs.hex(), record["pairs"]) << record["name"];
}

void expect_glosses(Family& family, const Json& record) {
  Fnv ids_hash, places_hash, text_hash;
  std::size_t line = 0, used = 0;
  each_gloss([&](const std::string& gloss) {
    if (line++ % 20 != 7) return;
    const Ids ids = family.encode(gloss);
    ids_hash.add(ids);
    ids_hash.add(-1);
    Ids places;
    add_places(gloss, family.place(gloss), places);
    places_hash.add(places);
    places_hash.add(-1);
    const std::string text = family.tokenizer.decode(ids, true);
    text_hash.add((used++ == 0 ? "" : "\n") + text);
    if (used % 100 == 0) {
      EXPECT_EQ(family.stream(ids, true), text);
    }
  });
  if (used == 0) return;
  EXPECT_EQ(ids_hash.hex(), record["glosses"]) << record["name"];
  EXPECT_EQ(places_hash.hex(), record["gloss_offsets"]) << record["name"];
  EXPECT_EQ(text_hash.hex(), record["decoded_glosses"]) << record["name"];
}

}  // namespace

TEST(TokenizerFamilies, ids_places_and_texts_are_those_of_the_reference) {
  const Json recorded = read("tokenizer_families.json");
  const auto lines = recorded["lines"].get<std::vector<std::string>>();
  for (const Json& record : recorded["families"]) {
    Family family = load(record);
    expect_lines(family, record, lines);
    expect_glosses(family, record);
  }
}

TEST(TokenizerFamilies, byte_level_ids_give_every_byte_back) {
  const Json recorded = read("tokenizer_families.json");
  for (const Json& record : recorded["families"]) {
    if (record["base"] != "family_byte" || record["patch"].contains("normalizer")) continue;
    Family family = load(record);
    for (const std::string& line : recorded["lines"].get<std::vector<std::string>>()) {
      if (line.find("<mask>") != std::string::npos) continue;  // takes the white space before it
      Ids ids;
      family.tokenizer.encode(line, {.add_special_tokens = false}, *family.scratch, ids);
      EXPECT_EQ(family.tokenizer.decode(ids, false), line) << record["name"];
    }
  }
}

namespace {

void use_all_ways(const Checked<Tokenizer>& loaded) {
  if (!loaded) return;
  const Tokenizer& tokenizer = loaded.value();
  const auto scratch = tokenizer.make_scratch();
  const std::string text = " x <mask> e\u0301 \uFB01\r\n12\u2581<s> \U0001F600 \u1112\u1161\u11AB";
  Encoding encoding;
  try {
    tokenizer.encode_with_offsets(text, {.plain = {{1, 4}, {9, 14}}}, *scratch, encoding);
    tokenizer.encode_with_offsets(text, {}, *scratch, encoding);
    Ids ids;
    tokenizer.encode(text, {}, *scratch, ids);
    EXPECT_EQ(ids, encoding.ids);
    tokenizer.decode(ids, false);
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()), "");
  }
}

// Of a vocabulary a few tokens, so that a file can be damaged often.
Json shortened(Json file) {
  Json& vocabulary = file["model"]["vocab"];
  if (vocabulary.is_array()) {
    while (vocabulary.size() > 12) vocabulary.erase(vocabulary.size() - 1);
  } else {
    Json kept = Json::object();
    for (const auto& [token, id] : vocabulary.items())
      if (id < 12) kept[token] = id;
    vocabulary = kept;
  }
  if (file["model"].contains("merges")) file["model"]["merges"] = Json::array();
  return file;
}

}  // namespace

TEST(TokenizerFamilies, survive_any_value_in_place_of_any_other) {
  const Json values{nullptr, true,          -1,       1e300,         4294967296, "",
                    "x",     Json::array(), {1, "x"}, Json::object()};
  std::size_t refused = 0, accepted = 0;
  std::set<std::string> tried;  // what no family changes is tried once
  const Json recorded = read("tokenizer_families.json");
  for (const Json& record : recorded["families"]) {
    Json file = read(record["base"].get<std::string>() + ".json");
    file.merge_patch(record["patch"]);
    file = shortened(file);
    const Json flat = file.flatten();
    for (const auto& [pointer, unused] : flat.items()) {
      const bool varies = record["patch"].contains(pointer.substr(1, pointer.find('/', 1) - 1));
      if (!varies && !tried.insert(record["base"].get<std::string>() + pointer).second) continue;
      for (const Json& value : values) {
        Json damaged = file;
        damaged[Json::json_pointer(pointer)] = value;
        const Checked<Tokenizer> tokenizer = Tokenizer::from_json(damaged, "damaged");
        tokenizer ? ++accepted : ++refused;
        use_all_ways(tokenizer);
      }
    }
  }
  EXPECT_GT(refused, 500u);
  EXPECT_GT(accepted, 300u);
}

TEST(TokenizerFamilies, a_damaged_map_of_characters_is_refused_or_harmless) {
  Json file = shortened(read("family_unigram.json"));
  std::string& map =
      file["normalizer"]["normalizers"][0]["precompiled_charsmap"].get_ref<std::string&>();
  const std::string whole = map;
  constexpr char kSextets[] = "A9/z";
  for (std::size_t at = 0; at < whole.size(); at += 1 + at / 64)
    for (const char other : {kSextets[0], kSextets[1], kSextets[2], kSextets[3]}) {
      map = whole;
      map[at] = other;
      use_all_ways(Tokenizer::from_json(file, "damaged"));
    }
  for (std::size_t length = 0; length < whole.size(); length += 1 + length / 16) {
    map = whole.substr(0, length);
    use_all_ways(Tokenizer::from_json(file, "damaged"));
  }
}

}  // namespace temper
