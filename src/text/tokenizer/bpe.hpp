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

#include "text/tokenizer/vocabulary.hpp"

namespace temper {

struct BpeScratch;

class Bpe {
 public:
  // `model` is the object with type "BPE". With `takes_bytes` words come as plain bytes and stand
  // for their characters in the byte-level alphabet. Throws BadInput.
  Bpe(const JsonFields& model, const Vocabulary& vocabulary, bool takes_bytes);

  void append(std::string_view word, BpeScratch& scratch, std::vector<std::int32_t>& ids) const;

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
  void split_bytes(std::string_view word, std::vector<std::int32_t>& symbols) const;
  void split_characters(std::string_view word, std::vector<std::int32_t>& symbols) const;
  bool fall_back_to_bytes(std::string_view piece, std::vector<std::int32_t>& symbols) const;
  void merge_short(BpeScratch& scratch) const;
  void merge_long(BpeScratch& scratch) const;

  std::vector<Slot> slots_;                       // a power of two, at most half full
  std::array<std::int32_t, 256> byte_ids_{};      // of the byte's character
  std::array<std::int32_t, 256> fallback_ids_{};  // of <0xNN>
  Vocabulary whole_;  // tokens as words are given, for ignore_merges and for characters
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
  std::vector<std::int32_t> symbols;
  std::vector<Bpe::Merge> merges;
  std::vector<Symbol> chain;
  std::vector<Candidate> heap;
};

}  // namespace temper
