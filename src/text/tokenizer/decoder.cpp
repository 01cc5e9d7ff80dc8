#include "text/tokenizer/decoder.hpp"

#include <utility>

#include "text/tokenizer/unicode.hpp"
#include "text/tokenizer/words/byte_level.hpp"

namespace temper {

namespace {

using Tokens = std::vector<std::string>;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

void replace_matches(std::string& text, const Pattern& pattern, const std::string& content) {
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

using Step = Decoder::Stream::Step;

// True for the first token of the text only.
bool is_first(Step& state) { return !std::exchange(state.has_begun, true); }

void join_words(const DecoderStep& step, Step& state, Tokens& tokens) {
  for (std::string& token : tokens) {
    if (!is_first(state)) {
      if (token.starts_with(step.prefix)) {
        token.erase(0, step.prefix.size());
      } else {
        token.insert(0, 1, ' ');
      }
    }
    if (step.cleanup) clean_up(token);
  }
}

void join_bytes(Step& state, Tokens& tokens, bool is_end) {
  std::string& bytes = state.held;
  for (const std::string& token : tokens)
    if (!append_bytes_of(token, bytes)) bytes += token;
  const std::size_t whole = is_end ? bytes.size() : bytes.size() - unfinished_utf8(bytes);
  tokens = {to_valid_utf8(std::string_view(bytes).substr(0, whole))};
  bytes.erase(0, whole);
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

// A run of bytes is text, or each of them is U+FFFD: that is certain when the run has ended.
void join_fallback_bytes(Step& state, Tokens& tokens, bool is_end) {
  Tokens joined;
  std::string& bytes = state.held;
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
  if (is_end) flush();
  tokens = std::move(joined);
}

void fuse(Tokens& tokens) {
  std::string all;
  for (const std::string& token : tokens) all += token;
  tokens = {std::move(all)};
}

void strip(const DecoderStep& step, std::string& token) {
  const std::string& content = step.content;
  for (std::size_t i = 0; i < step.start && token.starts_with(content); ++i)
    token.erase(0, content.size());
  for (std::size_t i = 0; i < step.stop && token.ends_with(content); ++i)
    token.erase(token.size() - content.size());
}

// The start of a text that comes in parts.
void strip_start(const DecoderStep& step, Step& state, Tokens& tokens, bool is_end) {
  if (state.has_begun) return;
  fuse(tokens);
  std::string& text = state.held.append(tokens[0]);
  for (; state.cut < step.start && text.starts_with(step.content); ++state.cut)
    text.erase(0, step.content.size());
  const bool may_cut = state.cut < step.start && step.content.starts_with(text);
  state.has_begun = is_end || !may_cut;
  tokens = {state.has_begun ? std::exchange(text, {}) : std::string()};
}

// All tokens but the last of the text end with a space where they have the suffix.
void replace_suffixes(const DecoderStep& step, Step& state, Tokens& tokens, bool is_end) {
  if (tokens.empty() && !(is_end && state.has_begun)) return;
  if (state.has_begun) tokens.insert(tokens.begin(), state.held);
  state.has_begun = true;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) replace_all(tokens[i], step.prefix, " ");
  if (is_end) return replace_all(tokens.back(), step.prefix, "");
  state.held = std::move(tokens.back());
  tokens.pop_back();
}

void apply_step(const DecoderStep& step, Step& state, Tokens& tokens, bool is_end) {
  if (step.waits) {
    fuse(tokens);
    state.held += tokens[0];
    tokens.clear();
    if (!is_end) return;
    tokens.push_back(std::exchange(state.held, {}));
  }
  switch (step.kind) {
    case DecoderKind::byte_level:
      return join_bytes(state, tokens, is_end);
    case DecoderKind::word_piece:
      return join_words(step, state, tokens);
    case DecoderKind::metaspace:
      for (std::string& token : tokens)
        replace_all(token, step.prefix, is_first(state) && step.drops_first ? "" : " ");
      return;
    case DecoderKind::replace:
      for (std::string& token : tokens) replace_matches(token, step.pattern, step.content);
      return;
    case DecoderKind::byte_fallback:
      return join_fallback_bytes(state, tokens, is_end);
    case DecoderKind::fuse:
      return fuse(tokens);
    case DecoderKind::strip:
      if (step.comes_in_parts && !step.waits) return strip_start(step, state, tokens, is_end);
      for (std::string& token : tokens) strip(step, token);
      return;
    case DecoderKind::bpe:
      return replace_suffixes(step, state, tokens, is_end);
    case DecoderKind::join_by_spaces:
      for (std::string& token : tokens)
        if (!is_first(state)) token.insert(0, 1, ' ');
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
    step.pattern = Pattern::read(fields);
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

Decoder::Decoder(std::vector<DecoderStep> steps) : steps_(std::move(steps)) {
  bool comes_in_parts = false;
  for (DecoderStep& step : steps_) {
    step.comes_in_parts = comes_in_parts;
    const bool takes_parts =
        step.kind == DecoderKind::fuse || (step.kind == DecoderKind::strip && step.stop == 0);
    step.waits = comes_in_parts && !takes_parts;
    comes_in_parts = (comes_in_parts && !step.waits) || step.kind == DecoderKind::fuse ||
                     step.kind == DecoderKind::byte_level;
  }
}

std::string Decoder::push(Stream& stream, std::vector<std::string> tokens, bool is_end) const {
  for (std::size_t i = 0; i < steps_.size(); ++i)
    apply_step(steps_[i], stream.steps[i], tokens, is_end);
  fuse(tokens);
  return std::move(tokens[0]);
}

std::string Decoder::apply(std::vector<std::string> tokens) const {
  Stream stream = begin();
  return push(stream, std::move(tokens), true);
}

Decoder read_decoder(const JsonFields& root) {
  std::vector<DecoderStep> steps;
  if (root.has("decoder")) {
    read_step(root.object("decoder"), 0, steps);
  } else {
    steps.push_back({.kind = DecoderKind::join_by_spaces});
  }
  return Decoder(std::move(steps));
}

}  // namespace temper
