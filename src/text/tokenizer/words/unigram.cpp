#include "text/tokenizer/words/unigram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/problem.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

constexpr double kUnknownPenalty = 10;  // below the lowest score

struct ScoredToken {
  std::string token;
  double score;
};

ScoredToken read_token(const JsonFields& entry) {
  const auto& value = entry.value();
  if (!value.is_array() || value.size() != 2 || !value[0].is_string() || !value[1].is_number())
    entry.fail("", "[token, score] is needed");
  const double score = value[1].get<double>();
  if (!std::isfinite(score)) entry.fail("[1]", "the score is not finite");
  std::string token = value[0].get<std::string>();
  if (find_invalid_utf8(token)) entry.fail("[0]", "invalid UTF-8");
  return {std::move(token), score};
}

}  // namespace

Vocabulary read_scored_vocabulary(const JsonFields& model) {
  const std::vector<JsonFields> entries = model.array("vocab");
  if (entries.empty()) model.fail("vocab", "no tokens");
  if (entries.size() > std::size_t(kLargestTokenId))
    model.fail("vocab", std::to_string(entries.size()) + " tokens are too many");
  Vocabulary vocabulary;
  for (std::size_t id = 0; id < entries.size(); ++id) {
    const std::string token = read_token(entries[id]).token;
    if (!vocabulary.insert(token, std::int32_t(id)))
      entries[id].fail("", "\"" + token + "\" stands here twice",
                       "it has the id " + std::to_string(vocabulary.find(token)));
  }
  return vocabulary;
}

Unigram::Unigram(const JsonFields& model, const Vocabulary& vocabulary)
    : byte_fallback_(model.boolean("byte_fallback", false)),
      fuse_unknown_(model.boolean("fuse_unk", true)) {
  const std::vector<JsonFields> entries = model.array("vocab");
  unknown_ = std::int32_t(model.integer("unk_id", 0, std::int64_t(entries.size()) - 1, -1));
  std::size_t bytes = 0;
  for (const std::string* token : vocabulary.tokens()) bytes += token->size();
  edges_.resize(std::bit_ceil(std::max<std::size_t>(2 * bytes, 16)));
  ids_.assign(2, -1);
  for (std::size_t id = 0; id < entries.size(); ++id) {
    scores_.push_back(read_token(entries[id]).score);
    const std::string& token = *vocabulary.tokens()[id];
    if (!token.empty()) insert(token, std::int32_t(id));
  }
  unknown_score_ = *std::min_element(scores_.begin(), scores_.end()) - kUnknownPenalty;
  for (unsigned byte = 0; byte < 256; ++byte)
    fallback_ids_[byte] = vocabulary.find(fallback_token(static_cast<unsigned char>(byte)));
}

std::size_t Unigram::place_of(std::uint64_t key) const {
  return (key * 0x9E3779B97F4A7C15ull >> 20) & (edges_.size() - 1);
}

std::uint32_t Unigram::next(std::uint32_t node, unsigned char byte) const {
  const std::uint64_t key = (std::uint64_t(node) << 8 | byte) + 1;
  for (std::size_t i = place_of(key);; i = (i + 1) & (edges_.size() - 1)) {
    if (edges_[i].key == key) return edges_[i].node;
    if (edges_[i].key == 0) return 0;
  }
}

void Unigram::insert(std::string_view token, std::int32_t id) {
  std::uint32_t node = 1;
  for (const char c : token) {
    const std::uint64_t key = (std::uint64_t(node) << 8 | static_cast<unsigned char>(c)) + 1;
    std::size_t i = place_of(key);
    while (edges_[i].key != 0 && edges_[i].key != key) i = (i + 1) & (edges_.size() - 1);
    if (edges_[i].key == 0) {
      edges_[i] = {key, std::uint32_t(ids_.size())};
      ids_.push_back(-1);
    }
    node = edges_[i].node;
  }
  ids_[node] = id;
}

std::int32_t Unigram::find(std::string_view token) const {
  std::uint32_t node = 1;
  for (const char c : token)
    if ((node = next(node, static_cast<unsigned char>(c))) == 0) return -1;
  return ids_[node];
}

// Kudo 2018, section 3.1, forwards; ties stay with the way found first, as in the reference.
void Unigram::find_best(std::string_view word, UnigramScratch& scratch,
                        const PlacedIds& placed) const {
  std::vector<UnigramScratch::Node>& nodes = scratch.nodes;
  nodes.assign(word.size() + 1, {});
  const auto offer = [&](std::size_t begin, std::size_t end, std::int32_t id, double score) {
    const double sum = nodes[begin].score + score;
    if (!nodes[end].is_reached || sum > nodes[end].score)
      nodes[end] = {sum, id, std::uint32_t(begin), true};
  };
  for (std::size_t begin = 0; begin < word.size();) {
    std::size_t character = begin;
    next_code_point(word, character);
    bool has_character = false;
    std::uint32_t node = 1;
    for (std::size_t end = begin; end < word.size();) {
      node = next(node, static_cast<unsigned char>(word[end++]));
      if (node == 0) break;
      const std::int32_t id = ids_[node];
      if (id < 0 || placed.is_barred(id)) continue;
      offer(begin, end, id, scores_[std::size_t(id)]);
      has_character = has_character || end == character;
    }
    if (!has_character) {
      if (unknown_ < 0)
        throw BadInput(Problem{
            "text", "\"" + std::string(word.substr(begin, character - begin)) + "\" has no token",
            "the tokenizer has no unknown token (unk_id) either", ""});
      offer(begin, character, unknown_, unknown_score_);
    }
    begin = character;
  }
}

void Unigram::append_token(std::string_view token, std::size_t begin, PlacedIds& placed) const {
  const std::int32_t id = find(token);
  if (id >= 0 && !placed.is_barred(id)) return placed.push(id, begin, begin + token.size());
  const auto fallback = [&](char byte) { return fallback_ids_[static_cast<unsigned char>(byte)]; };
  const bool falls_back = byte_fallback_ && std::all_of(token.begin(), token.end(), [&](char byte) {
                            return fallback(byte) >= 0;
                          });
  if (!falls_back) return placed.push(unknown_, begin, begin + token.size());
  for (std::size_t i = 0; i < token.size(); ++i)
    placed.push(fallback(token[i]), begin + i, begin + i + 1);
}

void Unigram::append_placed(std::string_view word, UnigramScratch& scratch,
                            PlacedIds& placed) const {
  find_best(word, scratch, placed);
  scratch.tokens.clear();
  bool unknown_behind = false;
  for (std::size_t end = word.size(); end > 0;) {
    const UnigramScratch::Node& node = scratch.nodes[end];
    const bool is_unknown = fuse_unknown_ && unknown_ >= 0 && node.id == unknown_;
    if (is_unknown && unknown_behind) {
      scratch.tokens.back().begin = node.begin;
    } else {
      scratch.tokens.push_back({node.begin, std::uint32_t(end)});
    }
    unknown_behind = is_unknown;
    end = node.begin;
  }
  for (std::size_t i = scratch.tokens.size(); i-- > 0;) {
    const Span token = scratch.tokens[i];
    append_token(word.substr(token.begin, token.end - token.begin), token.begin, placed);
  }
}

void Unigram::append(std::string_view word, UnigramScratch& scratch,
                     std::vector<std::int32_t>& ids) const {
  scratch.placed.resize(0);
  append_placed(word, scratch, scratch.placed);
  ids.insert(ids.end(), scratch.placed.ids.begin(), scratch.placed.ids.end());
}

}  // namespace temper
