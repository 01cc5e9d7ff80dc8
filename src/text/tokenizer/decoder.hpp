// The `decoder` of tokenizer.json: from tokens back to text, all at once or as they come.
//
//   decoder.apply({"hug", "##ging"})            // WordPiece: "hugging"
//   Decoder::Stream stream = decoder.begin();
//   decoder.push(stream, {"\u0120caf\u00C3"}, false);    // ByteLevel: " caf"; a byte waits
//   decoder.push(stream, {"\u00A9"}, false);             // "\u00E9"
//   decoder.push(stream, {}, true);                      // what has to wait for the end
#pragma once

#include <string>
#include <vector>

#include "text/tokenizer/regex.hpp"

namespace temper {

enum class DecoderKind {
  byte_level,
  word_piece,
  metaspace,
  replace,
  byte_fallback,
  fuse,
  strip,
  bpe,
  join_by_spaces,  // what is done without a decoder in the file
};

struct DecoderStep {
  DecoderKind kind;
  std::string prefix;               // word_piece; metaspace: the replacement; bpe: the suffix
  bool cleanup = false;             // word_piece
  bool drops_first = true;          // metaspace
  std::string content;              // replace; strip: what is cut off
  Pattern pattern;                  // replace
  std::size_t start = 0, stop = 0;  // strip: at most so many
  // Its input is one text in parts; and it waits for the end, since it looks at all of that text.
  bool comes_in_parts = false, waits = false;
};

class Decoder {
 public:
  explicit Decoder(std::vector<DecoderStep> steps);

  // How far one text has come.
  struct Stream {
    struct Step {
      bool has_begun = false;  // a token has passed
      std::size_t cut = 0;     // strip: how often it has cut at the start
      std::string held;        // bytes, or the token that may be the last
    };
    std::vector<Step> steps;
  };
  Stream begin() const { return {std::vector<Stream::Step>(steps_.size())}; }
  // The text that is certain after these tokens; with `is_end` all of the rest.
  std::string push(Stream& stream, std::vector<std::string> tokens, bool is_end) const;
  std::string apply(std::vector<std::string> tokens) const;

 private:
  std::vector<DecoderStep> steps_;
};

// Of the file's root object. Throws BadInput.
Decoder read_decoder(const JsonFields& root);

}  // namespace temper
