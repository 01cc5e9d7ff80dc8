#include "text/tokenizer/words/word_piece.hpp"

#include <bit>

namespace temper {

namespace {

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

}  // namespace

WordPiece::WordPiece(const JsonFields& model, const Vocabulary& vocabulary) {
  const std::string unknown = model.maybe_text("unk_token").value_or("[UNK]");
  const std::string prefix = model.maybe_text("continuing_subword_prefix").value_or("##");
  longest_word_ = std::size_t(model.integer("max_input_chars_per_word", 0, 1 << 24, 100));
  unknown_ = vocabulary.find(unknown);
  if (unknown_ < 0) model.fail("unk_token", "\"" + unknown + "\" is not in the vocabulary");

  std::size_t bytes = 0;
  for (const std::string* token : vocabulary.tokens()) bytes += token ? token->size() : 0;
  edges_.resize(std::bit_ceil(std::max<std::size_t>(4 * bytes, 16)));
  ids_.assign(3, -1);
  for (std::size_t id = 0; id < vocabulary.tokens().size(); ++id) {
    const std::string* token = vocabulary.tokens()[id];
    if (token == nullptr || token->empty()) continue;
    insert(kStart, *token, std::int32_t(id));
    if (token->size() > prefix.size() && token->starts_with(prefix))
      insert(kContinuation, std::string_view(*token).substr(prefix.size()), std::int32_t(id));
  }
}

std::size_t WordPiece::place_of(std::uint64_t key) const {
  return (key * 0x9E3779B97F4A7C15ull >> 20) & (edges_.size() - 1);
}

std::uint32_t WordPiece::next(std::uint32_t node, unsigned char byte) const {
  const std::uint64_t key = (std::uint64_t(node) << 8 | byte) + 1;
  for (std::size_t i = place_of(key);; i = (i + 1) & (edges_.size() - 1)) {
    if (edges_[i].key == key) return edges_[i].node;
    if (edges_[i].key == 0) return 0;
  }
}

std::uint32_t WordPiece::extend(std::uint32_t node, unsigned char byte) {
  const std::uint64_t key = (std::uint64_t(node) << 8 | byte) + 1;
  std::size_t i = place_of(key);
  while (edges_[i].key != 0 && edges_[i].key != key) i = (i + 1) & (edges_.size() - 1);
  if (edges_[i].key == 0) {
    edges_[i] = {key, std::uint32_t(ids_.size())};
    ids_.push_back(-1);
  }
  return edges_[i].node;
}

void WordPiece::insert(std::uint32_t root, std::string_view token, std::int32_t id) {
  std::uint32_t node = root;
  for (const char c : token) node = extend(node, static_cast<unsigned char>(c));
  ids_[node] = id;
}

template <class Allows>
std::size_t WordPiece::longest(std::uint32_t root, std::string_view word, std::size_t at,
                               std::int32_t& id, Allows allows) const {
  std::size_t end = at;
  std::uint32_t node = root;
  for (std::size_t i = at; i < word.size(); ++i) {
    node = next(node, static_cast<unsigned char>(word[i]));
    if (node == 0) break;
    if (ids_[node] >= 0 && allows(ids_[node])) {
      end = i + 1;
      id = ids_[node];
    }
  }
  return end;
}

bool WordPiece::is_too_long(std::string_view word) const {
  return word.size() > longest_word_ && count_code_points(word) > longest_word_;
}

void WordPiece::append_placed(std::string_view word, PlacedIds& placed) const {
  if (is_too_long(word)) return placed.push(unknown_, 0, word.size());
  const std::size_t before = placed.ids.size();
  std::uint32_t root = kStart;
  for (std::size_t at = 0; at < word.size(); root = kContinuation) {
    std::int32_t id = unknown_;
    const std::size_t end =
        longest(root, word, at, id, [&](std::int32_t i) { return !placed.is_barred(i); });
    if (end == at) {
      placed.resize(before);
      return placed.push(unknown_, 0, word.size());
    }
    placed.push(id, at, end);
    at = end;
  }
}

void WordPiece::append(std::string_view word, std::vector<std::int32_t>& ids) const {
  if (is_too_long(word)) return ids.push_back(unknown_);
  const std::size_t before = ids.size();
  std::uint32_t root = kStart;
  for (std::size_t at = 0; at < word.size(); root = kContinuation) {
    std::int32_t id = unknown_;
    const std::size_t end = longest(root, word, at, id, [](std::int32_t) { return true; });
    if (end == at) {  // a rest that no token covers
      ids.resize(before);
      return ids.push_back(unknown_);
    }
    ids.push_back(id);
    at = end;
  }
}

}  // namespace temper
