// Conversations as the text that a model was trained on, by the chat template of the model, and
// which bytes of it the assistant wrote.
//
//   const ChatTemplate chat = value_or_throw(ChatTemplate::parse(source, "tokenizer_config.json"));
//   const RenderedChat rendered = chat.render(messages, {.eos_token = "</s>"});
//   const TrainedSpans trained = assistant_spans(rendered, chat.turn_marks({}), {});
//
// [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}] by ChatML:
//   <|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n
//                                                         ^^^^^^^^^^^^^ trained
// The template runs as in Transformers 5 (Jinja2's immutable sandbox, trim_blocks, lstrip_blocks);
// its clock is an argument. Every byte knows the message it came from, through whatever the
// template does to strings: masks need no rendering of prefixes, which is wrong for templates that
// rewrite earlier turns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/extent.hpp"
#include "core/json.hpp"
#include "core/problem.hpp"

namespace temper {

struct ChatOptions {
  Json tools = nullptr;  // a list of JSON schemas, or null
  bool add_generation_prompt = false;
  std::string bos_token = "", eos_token = "";
  std::int64_t now = 0;             // seconds since 1970, UTC; for strftime_now
  Json variables = Json::object();  // more names for the template: {"enable_thinking": false}
};

// Bytes that came from a message.
struct ChatSpan {
  Extent bytes;
  std::int64_t message = 0;  // -1: from the tools
  std::string field;         // the message's key: "role", "content", "tool_calls"
};

struct ChatMessage {
  std::string role;
  bool has_words = false;  // content that is not blank
};

struct RenderedChat {
  std::string text;
  std::vector<ChatSpan> spans;        // ascending; what lies between is the template's own
  std::vector<Extent> generated;      // of {% generation %} blocks
  std::vector<ChatMessage> messages;  // as they were given
};

// How turns of the assistant begin and end; found by rendering short conversations.
struct TurnMarks {
  // "<|im_start|>assistant\n"; of a template without one, what stands before an answer.
  std::string generation_prompt;
  std::vector<std::string> end_tokens;  // "<|im_end|>"; the last turn may end otherwise than others
};

class ChatTemplate {
 public:
  // `where` names the source in problems.
  static Checked<ChatTemplate> parse(const std::string& source, std::string where);

  // `messages`: a list of {"role", "content", ...}; `reasoning_content` goes by `thinking` and
  // `reasoning` too. Throws BadInput: the template raised (with the message it was at), fails, or
  // does more than it may; messages of another form.
  RenderedChat render(const Json& messages, const ChatOptions& options) const;
  TurnMarks turn_marks(const ChatOptions& options) const;

 private:
  struct Program;
  explicit ChatTemplate(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

struct TrainedSpans {
  std::vector<Extent> extents;  // ascending, apart from each other
  std::int64_t turns = 0;
  std::int64_t turns_without_end = 0;  // no end token follows: the model would not learn to stop
};

// The assistant's words and the end token after each turn; never the header, the newline after the
// end token, or an empty think block that the template put in. A turn of several pieces (reasoning,
// tool calls) is trained from the end of the generation prompt on, with what the template writes
// between them. Templates with {% generation %} say themselves what is trained; white space of
// theirs at the edges is left out. `trained`: which messages, by index; empty means all of the
// assistant's. Throws BadInput when the template leaves out the words of a message.
TrainedSpans assistant_spans(const RenderedChat& rendered, const TurnMarks& marks,
                             const std::vector<bool>& trained);

// Text of messages and tools: where a tokenizer must not read special tokens, so that a user who
// writes "<|im_end|>" ends nothing.
std::vector<Extent> plain_regions(const RenderedChat& rendered);

struct TokenMarks {
  std::vector<std::uint8_t> trained;  // 1 or 0 for each token
  std::int64_t straddling = 0;        // tokens over the edge of a span; not trained
};

// `tokens`: bytes of each token, ascending; empty extents (a token that the tokenizer added) are
// not trained. `spans`: ascending.
TokenMarks mark_tokens(std::span<const Extent> tokens, std::span<const Extent> spans);

}  // namespace temper
