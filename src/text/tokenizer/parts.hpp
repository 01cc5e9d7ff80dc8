// What a tokenizer is made of, for the files that implement it.
#pragma once

#include <variant>

#include "text/tokenizer.hpp"
#include "text/tokenizer/added_tokens.hpp"
#include "text/tokenizer/bpe.hpp"
#include "text/tokenizer/decoder.hpp"
#include "text/tokenizer/normalizer.hpp"
#include "text/tokenizer/post_processor.hpp"
#include "text/tokenizer/pre_tokenizer.hpp"
#include "text/tokenizer/word_cache.hpp"
#include "text/tokenizer/word_piece.hpp"

namespace temper {

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
  std::variant<WordPiece, Bpe> words;
  AddedTokens added;
  PostProcessor post;
  Decoder decoder;
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
  std::vector<std::int32_t> first, second;
};

}  // namespace temper
