// The `decoder` of tokenizer.json: from tokens back to text.
//
//   decoder.apply({"hug", "##ging"})      // WordPiece: "hugging"
#pragma once

#include <optional>
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
};

struct DecoderStep {
  DecoderKind kind;
  std::string prefix;               // word_piece; metaspace: the replacement; bpe: the suffix
  bool cleanup = false;             // word_piece
  bool drops_first = true;          // metaspace
  std::string literal, content;     // replace; strip: what is cut off
  std::optional<Regex> pattern;     // replace
  std::size_t start = 0, stop = 0;  // strip: at most so many
};

class Decoder {
 public:
  explicit Decoder(std::optional<std::vector<DecoderStep>> steps) : steps_(std::move(steps)) {}
  // Without a decoder in the file tokens are joined by spaces.
  std::string apply(std::vector<std::string> tokens) const;

 private:
  std::optional<std::vector<DecoderStep>> steps_;
};

// Of the file's root object. Throws BadInput.
Decoder read_decoder(const JsonFields& root);

}  // namespace temper
