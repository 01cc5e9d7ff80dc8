// WordPiece: the longest token that begins a word, then the longest that continues it, and so on; a
// word with any rest is unknown.
//
//   {un, aff, ##aff, ##able}: unaffable -> un ##aff ##able; unaffx -> [UNK]
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer/words/placed_ids.hpp"
#include "text/tokenizer/words/vocabulary.hpp"

namespace temper {

class WordPiece {
 public:
  // `model` is the object with type "WordPiece". Throws BadInput.
  WordPiece(const JsonFields& model, const Vocabulary& vocabulary);

  void append(std::string_view word, std::vector<std::int32_t>& ids) const;
  void append_placed(std::string_view word, PlacedIds& placed) const;

 private:
  // Tokens as paths of bytes: one table from (node, byte) to node.
  struct Edge {
    std::uint64_t key = 0;  // (node << 8 | byte) + 1; 0: free
    std::uint32_t node = 0;
  };
  std::uint32_t next(std::uint32_t node, unsigned char byte) const;  // 0: none
  std::uint32_t extend(std::uint32_t node, unsigned char byte);
  void insert(std::uint32_t root, std::string_view token, std::int32_t id);
  // The end of the longest token of `root` at `at` whose id is allowed, with that id; `at` when
  // there is none.
  template <class Allows>
  std::size_t longest(std::uint32_t root, std::string_view word, std::size_t at, std::int32_t& id,
                      Allows allows) const;
  bool is_too_long(std::string_view word) const;
  std::size_t place_of(std::uint64_t key) const;

  static constexpr std::uint32_t kStart = 1, kContinuation = 2;
  std::vector<Edge> edges_;        // a power of two, at most half full
  std::vector<std::int32_t> ids_;  // of each node; -1: no token ends here
  std::int32_t unknown_;
  std::size_t longest_word_;  // code points
};

}  // namespace temper
