// What a tokenizer is made of, for the files that implement it.
#pragma once

#include <algorithm>
#include <variant>

#include "text/tokenizer.hpp"
#include "text/tokenizer/added_tokens.hpp"
#include "text/tokenizer/cutting/pre_tokenizer.hpp"
#include "text/tokenizer/decoder.hpp"
#include "text/tokenizer/post_processor.hpp"
#include "text/tokenizer/rewriting/normalizer.hpp"
#include "text/tokenizer/words/bpe.hpp"
#include "text/tokenizer/words/unigram.hpp"
#include "text/tokenizer/words/word_cache.hpp"
#include "text/tokenizer/words/word_piece.hpp"

namespace temper {

constexpr std::size_t kNoLimit = ~std::size_t(0);
// Throws BadInput for a text that is too long or no UTF-8.
void check_text(std::string_view text);
// Tokens of the text that the options leave room for; throws BadInput when there is none for the
// `special` ones.
std::size_t budget_of(const EncodeOptions& options, std::int64_t special);
// True when elements from `begin` on were cut off to leave `budget` of them.
template <class T>
bool truncate(std::vector<T>& elements, std::size_t begin, std::size_t budget,
              TruncationSide side) {
  if (elements.size() - begin <= budget) return false;
  const auto first = elements.begin() + std::ptrdiff_t(begin);
  const auto kept = side == TruncationSide::right ? first : elements.end() - std::ptrdiff_t(budget);
  elements.erase(std::copy(kept, kept + std::ptrdiff_t(budget), first), elements.end());
  return true;
}

struct Tokenizer::Model {
  // `root` is the file's root object. Throws BadInput.
  explicit Model(const JsonFields& root);

  // Appends the ids of one text without special tokens; may stop once there are more than `most`.
  void append(std::string_view text, std::size_t most, Scratch& scratch,
              std::vector<std::int32_t>& ids) const;
  void append_gap(std::string_view gap, bool is_first, std::size_t most, Scratch& scratch,
                  std::vector<std::int32_t>& ids) const;
  void append_words(std::string_view text, bool is_first, std::size_t most, Scratch& scratch,
                    std::vector<std::int32_t>& ids) const;

  const std::string& token(std::int32_t id) const {
    const std::string* shown = added.shown(id);
    return shown != nullptr ? *shown : vocabulary.token(id);
  }

  Vocabulary vocabulary;
  Normalizer normalizer;
  PreTokenizer cutter;
  std::variant<WordPiece, Bpe, Unigram> words;
  AddedTokens added;
  PostProcessor post;
  Decoder decoder;
  std::string word_mark, continuation_mark;  // see read_word_marks
};

struct Tokenizer::Scratch {
  explicit Scratch(const Model* model) : owner(model) {}
  const Model* owner;  // the cached words are this model's
  RegexScratch patterns;
  NormalizerScratch normalizer;
  Pieces pieces;
  std::vector<TokenMatch> raw_matches, matches;
  WordCache cache;
  BpeScratch bpe;
  UnigramScratch unigram;
  Origins origins, part_origins;  // of the text of one gap
  PlacedIds placed;               // of one word
  std::vector<std::int32_t> first, second;
};

}  // namespace temper
