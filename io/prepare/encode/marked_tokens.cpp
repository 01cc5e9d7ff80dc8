#include "io/prepare/encode/marked_tokens.hpp"

#include <algorithm>

#include "io/document_source.hpp"

namespace temper {

MarkedTokens MarkedTokens::part(std::int64_t begin, std::int64_t end) const {
  return {{ids.begin() + begin, ids.begin() + end},
          {marks.begin() + begin, marks.begin() + end},
          {bytes.begin() + begin, bytes.begin() + end}};
}

MarkedTokens surrounded(const std::vector<std::int32_t>& before, const MarkedTokens& inner,
                        const std::vector<std::int32_t>& after) {
  MarkedTokens tokens;
  for (const std::int32_t id : before) tokens.push_back(id, kSpecial, {0, 0});
  for (std::size_t i = 0; i < inner.ids.size(); ++i)
    tokens.push_back(inner.ids[i], inner.marks[i], inner.bytes[i]);
  for (const std::int32_t id : after) tokens.push_back(id, kSpecial, {0, 0});
  return tokens;
}

std::int64_t learned_tokens(const MarkedTokens& tokens) {
  std::int64_t learned = 0;
  for (std::size_t i = 1; i < tokens.marks.size(); ++i) learned += tokens.marks[i] & kTrained;
  return learned;
}

std::int64_t learned_bytes(const MarkedTokens& tokens) {
  std::int64_t bytes = 0, counted = 0;
  for (std::size_t i = 0; i < tokens.bytes.size(); ++i) {
    const Extent& at = tokens.bytes[i];
    if (i > 0 && (tokens.marks[i] & kTrained) && !(tokens.marks[i] & kSpecial))
      bytes += std::max<std::int64_t>(0, at.end - std::max(at.begin, counted));
    counted = std::max(counted, at.end);
  }
  return bytes;
}

std::vector<Extent> pieces_of(std::int64_t tokens, std::int64_t most) {
  std::vector<Extent> pieces;
  for (std::int64_t begin = 0; begin < tokens;) {
    std::int64_t end = std::min(begin + most, tokens);
    if (tokens - end == 1 && end - begin > 2) --end;
    pieces.push_back({begin, end});
    begin = end;
  }
  return pieces;
}

EncodedDocument document_of(MarkedTokens tokens) {
  EncodedDocument document;
  document.trained_bytes = learned_bytes(tokens);
  document.ids = std::move(tokens.ids);
  document.marks = std::move(tokens.marks);
  return document;
}

}  // namespace temper
