// The normaliser "Precompiled": SentencePiece's map from short strings to others, as its model
// files hold it: a double-array trie and the texts that its leaves point to.
//
//   const Precompiled charsmap = Precompiled::read(fields);        // nmt_nfkc
//   charsmap.for_each("\uFB01x", graphemes, [&](Span from, std::string_view to) {...});
//   // {0, 3} "fi", {3, 4} "x"
//
// As in the reference (and in no standard): of a grapheme cluster under 6 bytes the *shortest*
// prefix in the map stands for all of it; without one, each code point is looked up alone.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/cutting/splitting.hpp"
#include "text/tokenizer/json_fields.hpp"

namespace temper {

// Borders of grapheme clusters, with a break iterator that is made once. For one thread.
class GraphemeBreaks {
 public:
  GraphemeBreaks();
  ~GraphemeBreaks();
  GraphemeBreaks(const GraphemeBreaks&) = delete;
  GraphemeBreaks& operator=(const GraphemeBreaks&) = delete;

  void set_text(std::string_view text);  // valid UTF-8, which must outlive the calls of `end`
  // The end of the cluster that begins at `at`.
  std::size_t end(std::size_t at);

 private:
  struct Iterator;
  std::unique_ptr<Iterator> iterator_;
  std::string_view text_;
  bool is_set_ = false;
};

class Precompiled {
 public:
  // `precompiled_charsmap` of `fields`, in base64. Throws BadInput for one that is damaged.
  static Precompiled read(const JsonFields& fields);

  // Calls `use(from, to)` for each part of the text and what becomes of it, left to right.
  template <class Use>
  void for_each(std::string_view text, GraphemeBreaks& graphemes, Use use) const {
    graphemes.set_text(text);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = graphemes.end(at);
      std::string_view to;
      if (end - at < kShortCluster && find(text.substr(at, end - at), to)) {
        use(Span{std::uint32_t(at), std::uint32_t(end)}, to);
        at = end;
      }
      while (at < end) {
        const std::size_t length = length_of(static_cast<unsigned char>(text[at]));
        const std::string_view from = text.substr(at, length);
        use(Span{std::uint32_t(at), std::uint32_t(at + length)}, find(from, to) ? to : from);
        at += length;
      }
    }
  }
  // What the shortest prefix of `text` that is in the map becomes.
  bool find(std::string_view text, std::string_view& to) const;

 private:
  static constexpr std::size_t kShortCluster = 6;
  static std::size_t length_of(unsigned char first) {
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  }

  std::vector<std::uint32_t> units_;
  std::string texts_;  // each ends with a zero
};

}  // namespace temper
