// Unigram (SentencePiece): of all ways to cut a word into tokens the one with the largest sum of
// scores.
//
//   {▁ -3, ▁a -2.5, b -4, ab -3.2, c -4.5, bc -6}: "▁abc" -> ▁a bc
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer/words/placed_ids.hpp"
#include "text/tokenizer/words/vocabulary.hpp"

namespace temper {

// Buffers of one thread.
struct UnigramScratch {
  struct Node {  // the best way to a byte of the word
    double score = 0;
    std::int32_t id = -1;
    std::uint32_t begin = 0;
    bool is_reached = false;
  };
  std::vector<Node> nodes;
  std::vector<Span> tokens;  // of the best way, from the last to the first
  PlacedIds placed;
};

class Unigram {
 public:
  // `model` is the object with type "Unigram"; `vocabulary` is read_scored_vocabulary(model).
  // Throws BadInput.
  Unigram(const JsonFields& model, const Vocabulary& vocabulary);

  // Throws BadInput when a word has a character without token and the model has no unknown token.
  void append(std::string_view word, UnigramScratch& scratch, std::vector<std::int32_t>& ids) const;
  void append_placed(std::string_view word, UnigramScratch& scratch, PlacedIds& placed) const;

 private:
  struct Edge {
    std::uint64_t key = 0;  // (node << 8 | byte) + 1; 0: free
    std::uint32_t node = 0;
  };
  std::uint32_t next(std::uint32_t node, unsigned char byte) const;  // 0: none
  void insert(std::string_view token, std::int32_t id);
  std::size_t place_of(std::uint64_t key) const;
  void find_best(std::string_view word, UnigramScratch& scratch, const PlacedIds& placed) const;
  void append_token(std::string_view token, std::size_t begin, PlacedIds& placed) const;
  std::int32_t find(std::string_view token) const;

  std::vector<Edge> edges_;        // tokens as paths of bytes from node 1
  std::vector<std::int32_t> ids_;  // of each node; -1: no token ends here
  std::vector<double> scores_;     // by id
  std::array<std::int32_t, 256> fallback_ids_{};
  double unknown_score_ = 0;
  std::int32_t unknown_ = -1;
  bool byte_fallback_, fuse_unknown_;
};

// The array `vocab` of `model`: [[token, score], ...], ids by position.
Vocabulary read_scored_vocabulary(const JsonFields& model);

}  // namespace temper
