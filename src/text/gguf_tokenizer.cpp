#include "text/gguf_tokenizer.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "text/gguf_words.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

constexpr const char* kMark = "\u2581";

enum class TokenType { normal = 1, unknown, control, user_defined, unused, byte };

struct Source {
  const GgufHeader& header;
  const std::vector<std::string>& tokens;
  std::unordered_map<std::string_view, std::int32_t> ids;

  [[noreturn]] void fail(const std::string& key, const std::string& what,
                         const std::string& why = "", const std::string& remedy = "") const {
    throw BadInput(Problem{header.file.string() + ": tokenizer.ggml." + key, what, why, remedy});
  }
  std::int64_t id(const std::string& key) const {
    const auto found = header.integer("tokenizer.ggml." + key);
    if (!found) fail(key, "missing");
    if (*found < 0 || *found >= std::int64_t(tokens.size()))
      fail(key, std::to_string(*found) + " is no token",
           "there are " + std::to_string(tokens.size()));
    return *found;
  }
  bool flag(const std::string& key, bool otherwise) const {
    return header.flag("tokenizer.ggml." + key).value_or(otherwise);
  }
  // The type of each token; all are normal where the file has none.
  std::vector<TokenType> types() const {
    const auto* numbers = header.integers("tokenizer.ggml.token_type");
    if (numbers == nullptr) return std::vector<TokenType>(tokens.size(), TokenType::normal);
    if (numbers->size() != tokens.size())
      fail("token_type", "it has " + std::to_string(numbers->size()) + " entries",
           "there are " + std::to_string(tokens.size()) + " tokens");
    std::vector<TokenType> types;
    for (std::size_t i = 0; i < numbers->size(); ++i) {
      if ((*numbers)[i] < 1 || (*numbers)[i] > 6)
        fail("token_type[" + std::to_string(i) + "]",
             std::to_string((*numbers)[i]) + " is no type of token", "types are 1 to 6");
      types.push_back(TokenType((*numbers)[i]));
    }
    return types;
  }
};

Source read_source(const GgufHeader& header) {
  const auto* tokens = header.strings("tokenizer.ggml.tokens");
  if (tokens == nullptr || tokens->empty())
    throw BadInput(Problem{header.file.string() + ": tokenizer.ggml.tokens", "missing",
                           "the file embeds no tokenizer", "Put a tokenizer.json beside it?"});
  Source source{header, *tokens, {}};
  source.ids.reserve(tokens->size());
  for (std::size_t id = 0; id < tokens->size(); ++id) {
    const std::string& token = (*tokens)[id];
    const std::string place = "tokens[" + std::to_string(id) + "]";
    if (find_invalid_utf8(token)) source.fail(place, "invalid UTF-8");
    const auto [known, is_new] = source.ids.emplace(token, std::int32_t(id));
    if (!is_new)
      source.fail(place, "\"" + token + "\" stands here twice",
                  "it is token " + std::to_string(known->second) + " too");
  }
  return source;
}

// Appended as they are: looking for equal keys would take a time that grows with the square.
Json vocabulary_of(const Source& source) {
  Json::object_t vocabulary;
  vocabulary.reserve(source.tokens.size());
  for (std::size_t id = 0; id < source.tokens.size(); ++id)
    vocabulary.emplace_back(source.tokens[id], Json(id));
  return Json(std::move(vocabulary));
}

Json added_tokens_of(const Source& source) {
  const std::vector<TokenType> types = source.types();
  Json added = Json::array();
  for (std::size_t id = 0; id < types.size(); ++id) {
    const bool is_special = types[id] == TokenType::control || types[id] == TokenType::unknown;
    if (!is_special && types[id] != TokenType::user_defined) continue;
    added.push_back({{"id", id},
                     {"content", source.tokens[id]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", is_special}});
  }
  return added;
}

// [bos] $A [eos]; for two texts each has its own, as Transformers writes it for Llama.
Json post_processor_of(const Source& source, bool adds_bos) {
  adds_bos = source.flag("add_bos_token", adds_bos);
  const bool adds_eos = source.flag("add_eos_token", false);
  if (!adds_bos && !adds_eos) return nullptr;
  Json special = Json::object();
  const auto token_at = [&](const std::string& key, int type) -> Json {
    const std::int64_t id = source.id(key);
    const std::string& token = source.tokens[std::size_t(id)];
    special[token] = {{"id", token}, {"ids", {id}}, {"tokens", {token}}};
    return {{"SpecialToken", {{"id", token}, {"type_id", type}}}};
  };
  Json single = Json::array(), pair = Json::array();
  for (const int text : {0, 1}) {
    Json around = Json::array();
    if (adds_bos) around.push_back(token_at("bos_token_id", text));
    around.push_back({{"Sequence", {{"id", text == 0 ? "A" : "B"}, {"type_id", text}}}});
    if (adds_eos) around.push_back(token_at("eos_token_id", text));
    if (text == 0) single = around;
    pair.insert(pair.end(), around.begin(), around.end());
  }
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"pair", pair},
          {"special_tokens", special}};
}

Json bpe_of(const Source& source, Json merges) {
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", false},
          {"vocab", vocabulary_of(source)},
          {"merges", std::move(merges)}};
}

Json file_of(const Source& source) {
  return {{"version", "1.0"},          {"truncation", nullptr},
          {"padding", nullptr},        {"added_tokens", added_tokens_of(source)},
          {"normalizer", nullptr},     {"pre_tokenizer", nullptr},
          {"post_processor", nullptr}, {"decoder", nullptr}};
}

Json written_merges_of(const Source& source) {
  const auto* merges = source.header.strings("tokenizer.ggml.merges");
  if (merges == nullptr) source.fail("merges", "missing", "a byte-level BPE needs them");
  Json pairs = Json::array();
  for (std::size_t i = 0; i < merges->size(); ++i) {
    const std::string& merge = (*merges)[i];
    const std::size_t space = merge.find(' ', 1);  // a token may begin with one
    if (merge.empty() || space == std::string::npos)
      source.fail("merges[" + std::to_string(i) + "]",
                  "two tokens with a space between are needed");
    pairs.push_back({merge.substr(0, space), merge.substr(space + 1)});
  }
  return pairs;
}

const GgufWords& words_of(const Source& source) {
  const std::string* name = source.header.text("tokenizer.ggml.pre");
  if (name == nullptr)
    source.fail("pre", "missing", "how words are cut would be a guess, and a wrong one spoils ids",
                "Convert the model anew, or put its tokenizer.json beside it?");
  const GgufWords* words = find_gguf_words(*name);
  if (words != nullptr) return *words;
  std::string known = did_you_mean(*name, gguf_word_names());
  if (known.empty()) {
    for (const std::string& other : gguf_word_names())
      known += (known.empty() ? "Known are " : ", ") + other;
    known += "; put the model's tokenizer.json beside it?";
  }
  source.fail("pre", "\"" + *name + "\" is not supported yet", "how words are cut would be a guess",
              known);
}

Json byte_level_file(const Source& source) {
  const GgufWords& words = words_of(source);
  Json file = file_of(source);
  if (words.composes) file["normalizer"] = {{"type", "NFC"}};
  file["pre_tokenizer"] = words.pre_tokenizer();
  file["post_processor"] = post_processor_of(source, words.add_bos);
  file["decoder"] = {{"type", "ByteLevel"},
                     {"add_prefix_space", true},
                     {"trim_offsets", true},
                     {"use_regex", true}};
  file["model"] = bpe_of(source, written_merges_of(source));
  file["model"]["ignore_merges"] = words.ignore_merges;
  return file;
}

struct ScoredMerge {
  double score;
  std::size_t left_points, right_points;  // lengths in code points
  std::int32_t left, right;
};

std::size_t count_points(std::string_view text) {
  return std::size_t(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

// Every cut of a token into two tokens is a merge; those of higher scores come first. Tokens that
// stand for no text (control, byte) are no part of any: a score of 0 would join them before all.
std::vector<ScoredMerge> merges_by_score(const Source& source) {
  const auto* scores = source.header.numbers("tokenizer.ggml.scores");
  if (scores == nullptr || scores->size() != source.tokens.size())
    source.fail("scores",
                scores ? "it has " + std::to_string(scores->size()) + " entries" : "missing",
                "there are " + std::to_string(source.tokens.size()) + " tokens");
  const std::vector<TokenType> types = source.types();
  const auto is_text = [&](std::int32_t id) {
    const TokenType type = types[std::size_t(id)];
    return type == TokenType::normal || type == TokenType::user_defined;
  };
  std::vector<ScoredMerge> merges;
  for (std::size_t id = 0; id < source.tokens.size(); ++id) {
    if (!std::isfinite((*scores)[id]))
      source.fail("scores[" + std::to_string(id) + "]", "it is not finite");
    if (!is_text(std::int32_t(id))) continue;
    const std::string_view token = source.tokens[id];
    const auto first = std::ptrdiff_t(merges.size());
    for (std::size_t at = 0; at < token.size();) {
      next_code_point(token, at);
      const auto left = source.ids.find(token.substr(0, at));
      const auto right = source.ids.find(token.substr(at));
      if (left == source.ids.end() || right == source.ids.end()) continue;
      if (!is_text(left->second) || !is_text(right->second)) continue;
      merges.push_back({(*scores)[id], count_points(left->first), count_points(right->first),
                        left->second, right->second});
    }
    std::sort(merges.begin() + first, merges.end(), [](const auto& a, const auto& b) {
      return a.left != b.left ? a.left < b.left : a.right < b.right;
    });
  }
  std::stable_sort(merges.begin(), merges.end(), [](const auto& a, const auto& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.left_points != b.left_points ? a.left_points > b.left_points
                                          : a.right_points > b.right_points;
  });
  return merges;
}

Json replace(const std::string& from, const std::string& to) {
  return {{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
}

Json sentence_piece_file(const Source& source) {
  if (source.flag("remove_extra_whitespaces", false))
    source.fail("remove_extra_whitespaces", "true is not supported yet for the kind \"llama\"");
  if (source.header.find("tokenizer.ggml.precompiled_charsmap") != nullptr)
    source.fail("precompiled_charsmap", "not supported yet for the kind \"llama\"");
  const bool prepends = source.flag("add_space_prefix", true);
  Json file = file_of(source);
  Json steps = Json::array({replace(" ", kMark)});
  if (prepends) steps.insert(steps.begin(), Json{{"type", "Prepend"}, {"prepend", kMark}});
  file["normalizer"] = {{"type", "Sequence"}, {"normalizers", steps}};
  file["post_processor"] = post_processor_of(source, true);
  Json decoders =
      Json::array({replace(kMark, " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
  if (prepends)
    decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  file["decoder"] = {{"type", "Sequence"}, {"decoders", decoders}};
  Json merges = Json::array();
  for (const ScoredMerge& merge : merges_by_score(source))
    merges.push_back(
        {source.tokens[std::size_t(merge.left)], source.tokens[std::size_t(merge.right)]});
  file["model"] = bpe_of(source, std::move(merges));
  file["model"]["unk_token"] = source.tokens[std::size_t(
      source.header.find("tokenizer.ggml.unknown_token_id") ? source.id("unknown_token_id") : 0)];
  file["model"]["fuse_unk"] = true;
  file["model"]["byte_fallback"] = true;
  return file;
}

}  // namespace

Checked<Json> tokenizer_json_of(const GgufHeader& header) {
  try {
    const Source source = read_source(header);
    const std::string* kind = header.text("tokenizer.ggml.model");
    if (kind == nullptr) source.fail("model", "missing");
    if (*kind == "gpt2") return byte_level_file(source);
    if (*kind == "llama") return sentence_piece_file(source);
    source.fail("model", "the kind \"" + *kind + "\" is not supported yet", "gpt2 and llama are",
                "Put the model's tokenizer.json beside it?");
  } catch (const BadInput& error) {
    return error.problems();
  }
}

}  // namespace temper
