#include "io/prepare/encode/row_encoder.hpp"

#include <algorithm>
#include <optional>

#include "io/document_source.hpp"
#include "io/prepare/encode/marked_tokens.hpp"
#include "io/prepare/encode/tagged_words.hpp"
#include "text/special_tokens.hpp"

namespace temper {

namespace {

std::string words_of(const BadInput& error) {
  const Problem& problem = error.problems().front();
  return problem.where + ": " + problem.what + (problem.why.empty() ? "" : ", " + problem.why);
}

}  // namespace

struct RowEncoder::State {
  const Recipe& recipe;
  const Tokenizer& tokenizer;
  std::unique_ptr<Tokenizer::Scratch, void (*)(Tokenizer::Scratch*)> scratch;
  std::int64_t bound = 0;  // tokens of a document; 0: longer ones are dropped by the caller
  std::int32_t begin_token = -1, end_token = -1;
  Surroundings around;  // of a text
  std::optional<ChatTemplate> chat;
  ChatOptions template_options;
  TurnMarks turns;
  Encoding encoding;

  State(const Recipe& of, const Tokenizer& by)
      : recipe(of),
        tokenizer(by),
        scratch(by.make_scratch()),
        bound(token_bound_step(of).empty() ? of.max_length : 0) {}

  void read_template();
  MarkedTokens encode_marked(std::string_view text, std::span<const Extent> learned,
                             std::vector<Extent> plain, EncodedRow& out);
  void cut(MarkedTokens& tokens, EncodedRow& out) const;
  std::string keep_learned(MarkedTokens tokens, EncodedRow& out) const;
  std::string encode_text(const Row& row, EncodedRow& out);
  std::string encode_conversation(const Row& row, EncodedRow& out);
  std::string encode_completion(const Row& row, EncodedRow& out);
  std::string encode_raw(const Row& row, EncodedRow& out);
  std::string encode_masked(const Row& row, EncodedRow& out);
  std::string encode_words(const Row& row, EncodedRow& out);
};

void RowEncoder::State::read_template() {
  if (recipe.chat_template.empty())
    throw BadInput(Problem{"model.chat_template", "is missing",
                           "the model brings no chat template, and the rows are conversations",
                           "Name a Jinja file, or use prompt-completion rows of texts."});
  chat.emplace(value_or_throw(ChatTemplate::parse(recipe.chat_template, "chat template")));
  template_options = chat_options(recipe.special_tokens, tokenizer);
  turns = chat->turn_marks(template_options);
}

// The text's tokens, those inside `learned` marked, without any that the tokenizer adds.
MarkedTokens RowEncoder::State::encode_marked(std::string_view text,
                                              std::span<const Extent> learned,
                                              std::vector<Extent> plain, EncodedRow& out) {
  tokenizer.encode_with_offsets(text, {.add_special_tokens = false, .plain = std::move(plain)},
                                *scratch, encoding);
  const TokenMarks inside = mark_tokens(encoding.offsets, learned);
  out.straddling += inside.straddling;
  MarkedTokens tokens;
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    const bool special = tokenizer.is_special(encoding.ids[i]);
    const bool continues = i > 0 && tokenizer.continues_word(encoding.ids[i]);
    tokens.push_back(encoding.ids[i],
                     std::uint8_t((inside.trained[i] ? kTrained : 0) | (special ? kSpecial : 0) |
                                  (continues ? kContinuesWord : 0)),
                     encoding.offsets[i]);
  }
  return tokens;
}

void RowEncoder::State::cut(MarkedTokens& tokens, EncodedRow& out) const {
  out.tokens = tokens.size();
  if (bound == 0 || tokens.size() <= bound) return;
  const std::int64_t learned = learned_tokens(tokens);
  tokens = recipe.data.truncation == "left" ? tokens.part(tokens.size() - bound, tokens.size())
                                            : tokens.part(0, bound);
  out.cut = true;
  out.learned_cut = learned - learned_tokens(tokens);
}

std::string RowEncoder::State::keep_learned(MarkedTokens tokens, EncodedRow& out) const {
  cut(tokens, out);
  if (learned_tokens(tokens) == 0)
    return out.cut ? "has nothing to learn in the " + std::to_string(bound) +
                         " tokens that data.max_length leaves of " + std::to_string(out.tokens)
                   : "has no token to learn";
  out.documents.push_back(document_of(std::move(tokens)));
  return "";
}

std::string RowEncoder::State::encode_text(const Row& row, EncodedRow& out) {
  EncodedDocument& document = out.documents.emplace_back();
  const EncodeOptions options{.max_length = bound,
                              .truncation = recipe.data.truncation == "left"
                                                ? TruncationSide::left
                                                : TruncationSide::right};
  out.cut = recipe.data.text_pair_column.empty()
                ? tokenizer.encode(row.text, options, *scratch, document.ids)
                : tokenizer.encode_pair(row.text, row.text_pair, options, *scratch, document.ids,
                                        document.types);
  out.tokens = std::int64_t(document.ids.size());
  return document.ids.empty() ? "has no tokens" : "";
}

std::string RowEncoder::State::encode_conversation(const Row& row, EncodedRow& out) {
  template_options.tools = row.tools;
  const RenderedChat rendered = chat->render(row.messages, template_options);
  std::vector<bool> which;
  for (std::size_t i = 0; row.given_messages > 0 && i < row.messages.size(); ++i)
    which.push_back(i >= row.given_messages && row.messages[i]["role"] == "assistant");
  std::vector<Extent> learned{{0, std::int64_t(rendered.text.size())}};
  if (recipe.learned != LearnedPart::everything)
    learned = assistant_spans(rendered, turns, which).extents;
  MarkedTokens tokens = encode_marked(rendered.text, learned, plain_regions(rendered), out);
  // One token that begins the text where the tokenizer puts one, whether or not the template does.
  if (around.begin_with(begin_token) && (tokens.ids.empty() || tokens.ids.front() != begin_token))
    tokens = surrounded({begin_token}, tokens, {});
  return keep_learned(std::move(tokens), out);
}

std::string RowEncoder::State::encode_completion(const Row& row, EncodedRow& out) {
  const std::string text = row.text + row.text_pair;
  const std::int64_t from =
      recipe.learned == LearnedPart::completion ? std::int64_t(row.text.size()) : 0;
  const Extent learned{from, std::int64_t(text.size())};
  MarkedTokens tokens = surrounded(around.before, encode_marked(text, {&learned, 1}, {}, out), {});
  if (tokens.ids.empty() || tokens.ids.back() != end_token)
    tokens.push_back(end_token, kTrained | kSpecial, {learned.end, learned.end});
  return keep_learned(std::move(tokens), out);
}

std::string RowEncoder::State::encode_raw(const Row& row, EncodedRow& out) {
  const Extent all{0, std::int64_t(row.text.size())};
  const MarkedTokens inner = encode_marked(row.text, {&all, 1}, {}, out);
  if (inner.ids.empty()) return "has no tokens";
  MarkedTokens tokens = surrounded(around.before, inner, {});
  if (end_token >= 0 && tokens.ids.back() != end_token)
    tokens.push_back(end_token, kTrained | kSpecial, {all.end, all.end});
  out.tokens = tokens.size();
  if (learned_tokens(tokens) == 0) return "has no token to predict";
  for (const Extent& piece : pieces_of(tokens.size(), bound > 0 ? bound : tokens.size()))
    out.documents.push_back(document_of(tokens.part(piece.begin, piece.end)));
  return "";
}

std::string RowEncoder::State::encode_masked(const Row& row, EncodedRow& out) {
  const Extent all{0, std::int64_t(row.text.size())};
  const MarkedTokens inner = encode_marked(row.text, {&all, 1}, {}, out);
  if (inner.ids.empty()) return "has no tokens";
  const auto specials = std::int64_t(around.before.size() + around.after.size());
  out.tokens = inner.size() + specials;
  for (const Extent& piece : pieces_of(inner.size(), bound > 0 ? bound - specials : inner.size()))
    out.documents.push_back(
        document_of(surrounded(around.before, inner.part(piece.begin, piece.end), around.after)));
  return "";
}

std::string RowEncoder::State::encode_words(const Row& row, EncodedRow& out) {
  const std::string text = joined(row.words);
  out.cut = tokenizer.encode_with_offsets(
      text,
      {.max_length = bound,
       .truncation =
           recipe.data.truncation == "left" ? TruncationSide::left : TruncationSide::right},
      *scratch, encoding);
  out.tokens = std::int64_t(encoding.ids.size());
  EncodedDocument& document = out.documents.emplace_back();
  document.ids = encoding.ids;
  return tag_tokens(row.words, encoding.offsets, out.cut, document.tags);
}

RowEncoder::RowEncoder(const Recipe& recipe, const Tokenizer& tokenizer)
    : state_(std::make_unique<State>(recipe, tokenizer)) {
  State& s = *state_;
  const auto specials = tokenizer.special_tokens_added(!recipe.data.text_pair_column.empty());
  if (recipe.max_length <= specials)
    throw BadInput(Problem{"data.max_length",
                           std::to_string(recipe.max_length) + " leaves no room for text",
                           std::to_string(specials) + " special tokens are added", ""});
  if (recipe.task != RowTask::language) return;
  s.around = surroundings_of(tokenizer);
  s.begin_token = special_token(recipe.special_tokens, "bos_token", tokenizer, {});
  s.end_token = special_token(recipe.special_tokens, "eos_token", tokenizer, {});
  const RowForm form = row_form(recipe.data, recipe.task);
  if (form == RowForm::prompt_completion && s.end_token < 0)
    throw BadInput(Problem{recipe.tokenizer, "names no end token",
                           "a completion is learned with the token that ends it",
                           "Is there no tokenizer_config.json with \"eos_token\"?"});
  const bool texts = form == RowForm::prompt_completion && recipe.chat_template.empty();
  if (form != RowForm::text && !texts) s.read_template();
}

RowEncoder::~RowEncoder() = default;

std::string RowEncoder::encode(const Row& row, EncodedRow& out) {
  State& s = *state_;
  out = {};
  if (s.recipe.task == RowTask::token_classes) return s.encode_words(row, out);
  if (s.recipe.task != RowTask::language) return s.encode_text(row, out);
  if (s.recipe.stage == "mlm") return s.encode_masked(row, out);
  if (s.recipe.stage == "clm") return s.encode_raw(row, out);
  if (row.messages.empty()) return s.encode_completion(row, out);
  if (!s.chat) return "is a conversation, and the model has no chat template";
  try {
    return s.encode_conversation(row, out);
  } catch (const BadInput& error) {
    return words_of(error);
  }
}

}  // namespace temper
