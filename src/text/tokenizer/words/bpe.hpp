// Byte-pair encoding: the pair of neighbours with the lowest rank is joined first, the leftmost one
// on a tie, until no neighbours have a rank.
//
//   ranks 0..4 = (a,a) (a,b) (aa,a) (b,c) (aa,ab): aaab -> aaab, aaaa -> aa aa, abc -> ab c
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/words/placed_ids.hpp"
#include "text/tokenizer/words/vocabulary.hpp"

namespace temper {

struct BpeScratch;

class Bpe {
 public:
  // `model` is the object with type "BPE". With `takes_bytes` words come as plain bytes and stand
  // for their characters in the byte-level alphabet. Throws BadInput.
  Bpe(const JsonFields& model, const Vocabulary& vocabulary, bool takes_bytes);

  void append(std::string_view word, BpeScratch& scratch, std::vector<std::int32_t>& ids) const;
  void append_placed(std::string_view word, BpeScratch& scratch, PlacedIds& placed) const;
  // True when each byte of a word is within one token, whose length is then bytes_of(id).
  bool covers_bytes() const { return covers_bytes_; }
  std::size_t bytes_of(std::int32_t id) const { return token_bytes_[std::size_t(id)]; }
  bool joins_whole_words() const { return ignore_merges_; }
  // A character before which a word can be cut without changing its ids: no merge joins what ends
  // with another character to what begins with this one. 0 when there is no such mark.
  char32_t mark() const { return mark_; }

  static constexpr std::uint32_t kNoRank = UINT32_MAX;
  struct Merge {
    std::uint32_t rank = kNoRank;
    std::int32_t id = -1;
  };
  Merge merge_of(std::int32_t left, std::int32_t right) const;

 private:
  struct Slot {
    std::uint64_t pair = UINT64_MAX;
    Merge merge;
  };
  void read_merges(const JsonFields& model, const Vocabulary& vocabulary);
  void insert(std::int32_t left, std::int32_t right, Merge merge);
  std::size_t place_of(std::uint64_t pair) const;
  // `push(id, begin, end)` receives each symbol with the bytes it stands for.
  template <class Push>
  void split_bytes(std::string_view word, Push push) const;
  template <class Push>
  void split_characters(std::string_view word, Push push) const;
  template <class Push>
  void split(std::string_view word, Push push) const;
  std::int32_t whole_word(std::string_view word) const;  // -1: cut it
  void merge(BpeScratch& scratch) const;
  std::size_t content_bytes(std::int32_t id, bool is_first) const;
  void find_mark(const JsonFields& model);
  void merge_short(BpeScratch& scratch) const;
  void merge_long(BpeScratch& scratch) const;

  std::vector<Slot> slots_;                       // a power of two, at most half full
  std::array<std::int32_t, 256> byte_ids_{};      // of the byte's character
  std::array<std::int32_t, 256> fallback_ids_{};  // of <0xNN>
  Vocabulary whole_;  // tokens as words are given, for ignore_merges and for characters
  std::vector<std::uint32_t> token_bytes_;  // by id
  bool covers_bytes_ = false;
  char32_t mark_ = 0;
  std::string prefix_, suffix_;
  std::int32_t unknown_ = -1;
  bool takes_bytes_, fuse_unknown_, byte_fallback_, ignore_merges_;
};

// Buffers of one thread.
struct BpeScratch {
  struct Symbol {
    std::int32_t id, previous, next;  // neighbours by place; -1: none
  };
  struct Candidate {
    std::uint32_t rank;
    std::int32_t place, id;
  };
  std::vector<std::int32_t> symbols, first_symbols;
  std::vector<Span> places;  // of the first symbols
  std::vector<Bpe::Merge> merges;
  std::vector<Symbol> chain;
  std::vector<Candidate> heap;
};

}  // namespace temper
