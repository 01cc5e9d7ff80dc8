// Tokens with their marks and places, and what is cut from them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/extent.hpp"
#include "io/prepare/encode/row_encoder.hpp"
#include "text/tokenizer.hpp"

namespace temper {

struct MarkedTokens {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> marks;
  std::vector<Extent> bytes;  // of the text; empty for tokens that stand for none of it

  std::int64_t size() const { return std::int64_t(ids.size()); }
  void push_back(std::int32_t id, std::uint8_t mark, Extent at) {
    ids.push_back(id), marks.push_back(mark), bytes.push_back(at);
  }
  MarkedTokens part(std::int64_t begin, std::int64_t end) const;
};

// Special tokens around others.
MarkedTokens surrounded(const std::vector<std::int32_t>& before, const MarkedTokens& inner,
                        const std::vector<std::int32_t>& after);

// Tokens that a causal model learns to predict: marked, and not the first of the document.
std::int64_t learned_tokens(const MarkedTokens& tokens);
// Bytes of the text that those tokens stand for, special tokens left out; what two tokens share
// counts once.
std::int64_t learned_bytes(const MarkedTokens& tokens);

// Consecutive extents of at most `most` tokens; the last is never a single token, which would have
// nothing to predict, while the one before it can spare one.
//   pieces_of(9, 4)  ->  [0, 4) [4, 7) [7, 9)
std::vector<Extent> pieces_of(std::int64_t tokens, std::int64_t most);

EncodedDocument document_of(MarkedTokens tokens);

}  // namespace temper
