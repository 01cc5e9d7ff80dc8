// Where the bytes of a rewritten text came from.
//
//   Origins origins;                          // each byte stands for itself
//   Rewrite rewrite(out, &origins);
//   rewrite.put("\u2581", {0, 1});            // in the place of the space at byte 0
//   rewrite.copy(" cat", {1, 4});
//   rewrite.finish();
//   origins.of({0, 4});                       // {0, 2}: the three bytes of the mark and "c"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/cutting/splitting.hpp"

namespace temper {

// For each byte of a text the bytes of the first text that it stands for, in order.
class Origins {
 public:
  // Each byte stands for itself in a text in which the first byte is at `base`.
  void reset(std::uint32_t base = 0) {
    is_identity_ = true;
    base_ = base;
  }
  // Those of a part of another text.
  void take(const Origins& whole, Span part) {
    if (whole.is_identity_) return reset(whole.base_ + part.begin);
    is_identity_ = false;
    spans_.assign(whole.spans_.begin() + part.begin, whole.spans_.begin() + part.end);
  }
  Span of(Span part) const {
    if (is_identity_) return {base_ + part.begin, base_ + part.end};
    if (part.begin == part.end) return {place_of(part.begin), place_of(part.begin)};
    return {spans_[part.begin].begin, spans_[part.end - 1].end};
  }
  // The next text: its bytes are added from left to right, each standing for a part of this text.
  void begin() { next_.clear(); }
  void add(std::size_t bytes, Span part) { next_.insert(next_.end(), bytes, of(part)); }
  void commit() {
    spans_.swap(next_);
    is_identity_ = false;
  }

 private:
  std::uint32_t place_of(std::uint32_t byte) const {
    if (byte < spans_.size()) return spans_[byte].begin;
    return spans_.empty() ? 0 : spans_.back().end;
  }

  bool is_identity_ = true;
  std::uint32_t base_ = 0;
  std::vector<Span> spans_, next_;
};

// Writes a text in the place of another one; with null origins it only writes.
class Rewrite {
 public:
  Rewrite(std::string& out, Origins* origins) : out_(out), origins_(origins) {
    if (origins_ != nullptr) origins_->begin();
  }
  // Bytes that stand for `source` of the text before.
  void put(std::string_view bytes, Span source) {
    out_.append(bytes);
    if (origins_ != nullptr) origins_->add(bytes.size(), source);
  }
  // A part of the text before as it is.
  void copy(std::string_view text, Span part) {
    out_.append(text, part.begin, part.end - part.begin);
    if (origins_ == nullptr) return;
    for (std::uint32_t i = part.begin; i < part.end; ++i) origins_->add(1, {i, i + 1});
  }
  std::size_t size() const { return out_.size(); }
  // The origins are now those of the new text.
  void finish() {
    if (origins_ != nullptr) origins_->commit();
  }

 private:
  std::string& out_;
  Origins* origins_;
};

}  // namespace temper
