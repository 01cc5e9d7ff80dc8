// From template source to tokens, with white space handled as by trim_blocks and lstrip_blocks.
//
//   tokens_of("  {% if x %}\nA")  ==  block_begin, name if, name x, block_end, data "A", end
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace temper::jinja {

enum class TokenKind {
  data,
  output_begin,
  output_end,
  block_begin,
  block_end,
  name,
  text,
  integer,
  real,
  symbol,
  end
};

struct Token {
  TokenKind kind;
  std::string text;
  int line;
};

// `source` is valid UTF-8. Throws TemplateError with the line.
std::vector<Token> tokens_of(std::string_view source);

}  // namespace temper::jinja
