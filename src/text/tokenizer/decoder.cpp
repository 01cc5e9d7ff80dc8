#include "text/tokenizer/decoder.hpp"

#include <utility>

#include "text/tokenizer/byte_level.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

using Tokens = std::vector<std::string>;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

void replace_matches(std::string& text, const Regex& pattern, const std::string& content) {
  RegexScratch scratch;
  std::string out;
  std::size_t done = 0;
  pattern.for_each(text, scratch, [&](std::size_t begin, std::size_t end) {
    out.append(text, done, begin - done).append(content);
    done = end;
  });
  text = out.append(text, done);
}

void clean_up(std::string& text) {
  constexpr std::pair<const char*, const char*> rules[] = {
      {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : rules) replace_all(text, from, to);
}

void join_words(const DecoderStep& step, Tokens& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::string& token = tokens[i];
    if (i > 0 && token.starts_with(step.prefix)) {
      token.erase(0, step.prefix.size());
    } else if (i > 0) {
      token.insert(0, 1, ' ');
    }
    if (step.cleanup) clean_up(token);
  }
}

void join_bytes(Tokens& tokens) {
  std::string bytes;
  for (const std::string& token : tokens)
    if (!append_bytes_of(token, bytes)) bytes += token;
  tokens = {to_valid_utf8(bytes)};
}

int fallback_byte(const std::string& token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  int value = 0;
  for (const char c : {token[3], token[4]}) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = 16 * value + digit;
  }
  return value;
}

void join_fallback_bytes(Tokens& tokens) {
  Tokens joined;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (!find_invalid_utf8(bytes)) {
      joined.push_back(bytes);
    } else {
      for (std::size_t i = 0; i < bytes.size(); ++i) append_utf8(0xFFFD, joined.emplace_back());
    }
    bytes.clear();
  };
  for (std::string& token : tokens) {
    const int byte = fallback_byte(token);
    if (byte >= 0) {
      bytes.push_back(static_cast<char>(byte));
      continue;
    }
    flush();
    joined.push_back(std::move(token));
  }
  flush();
  tokens = std::move(joined);
}

void strip(const DecoderStep& step, std::string& token) {
  const std::string& content = step.content;
  for (std::size_t i = 0; i < step.start && token.starts_with(content); ++i)
    token.erase(0, content.size());
  for (std::size_t i = 0; i < step.stop && token.ends_with(content); ++i)
    token.erase(token.size() - content.size());
}

void apply_step(const DecoderStep& step, Tokens& tokens) {
  switch (step.kind) {
    case DecoderKind::byte_level:
      return join_bytes(tokens);
    case DecoderKind::word_piece:
      return join_words(step, tokens);
    case DecoderKind::metaspace:
      for (std::size_t i = 0; i < tokens.size(); ++i)
        replace_all(tokens[i], step.prefix, i == 0 && step.drops_first ? "" : " ");
      return;
    case DecoderKind::replace:
      for (std::string& token : tokens) {
        if (step.pattern) {
          replace_matches(token, *step.pattern, step.content);
        } else {
          replace_all(token, step.literal, step.content);
        }
      }
      return;
    case DecoderKind::byte_fallback:
      return join_fallback_bytes(tokens);
    case DecoderKind::fuse: {
      std::string all;
      for (const std::string& token : tokens) all += token;
      tokens = {std::move(all)};
      return;
    }
    case DecoderKind::strip:
      for (std::string& token : tokens) strip(step, token);
      return;
    case DecoderKind::bpe:
      for (std::size_t i = 0; i < tokens.size(); ++i)
        replace_all(tokens[i], step.prefix, i + 1 < tokens.size() ? " " : "");
      return;
  }
}

void read_step(const JsonFields& fields, int depth, std::vector<DecoderStep>& steps) {
  const std::string type = fields.text("type");
  const auto add = [&](DecoderKind kind) -> DecoderStep& {
    steps.push_back(DecoderStep{.kind = kind});
    return steps.back();
  };
  if (type == "Sequence") {
    if (depth > 16) fields.fail("", "sequences nested deeper than 16");
    for (const JsonFields& step : fields.array("decoders")) read_step(step, depth + 1, steps);
  } else if (type == "ByteLevel") {
    add(DecoderKind::byte_level);
  } else if (type == "WordPiece") {
    DecoderStep& step = add(DecoderKind::word_piece);
    step.prefix = fields.text("prefix");
    step.cleanup = fields.boolean("cleanup");
  } else if (type == "Metaspace") {
    DecoderStep& step = add(DecoderKind::metaspace);
    step.prefix = fields.text("replacement");
    const std::string scheme = fields.maybe_text("prepend_scheme").value_or("always");
    step.drops_first = scheme != "never" && fields.boolean("add_prefix_space", true);
  } else if (type == "Replace") {
    DecoderStep& step = add(DecoderKind::replace);
    read_pattern(fields, step.literal, step.pattern);
    step.content = fields.text("content");
  } else if (type == "ByteFallback") {
    add(DecoderKind::byte_fallback);
  } else if (type == "Fuse") {
    add(DecoderKind::fuse);
  } else if (type == "Strip") {
    DecoderStep& step = add(DecoderKind::strip);
    step.content = fields.text("content");
    if (step.content.empty()) fields.fail("content", "one character is needed");
    step.start = std::size_t(fields.integer("start", 0, INT32_MAX));
    step.stop = std::size_t(fields.integer("stop", 0, INT32_MAX));
  } else if (type == "BPEDecoder") {
    add(DecoderKind::bpe).prefix = fields.text("suffix");
  } else {
    fields.fail("type", "the decoder \"" + type + "\" is not supported yet");
  }
}

}  // namespace

std::string Decoder::apply(std::vector<std::string> tokens) const {
  std::string text;
  if (steps_) {
    for (const DecoderStep& step : *steps_) apply_step(step, tokens);
    for (const std::string& token : tokens) text += token;
    return text;
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) text += (i == 0 ? "" : " ") + tokens[i];
  return text;
}

Decoder read_decoder(const JsonFields& root) {
  if (!root.has("decoder")) return Decoder(std::nullopt);
  std::vector<DecoderStep> steps;
  read_step(root.object("decoder"), 0, steps);
  return Decoder(std::move(steps));
}

}  // namespace temper
