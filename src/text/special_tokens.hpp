// Special tokens as a model's files name them, and what follows for conversations: training and
// generation read them here, so that a prompt looks to the model as its training rows did.
//
//   const Json named = special_tokens(files);                    // plan/model_files.hpp
//   const std::int32_t end = special_token(named, "eos_token", tokenizer, {});
//   const RenderedChat chat = chat_template.render(messages, chat_options(named, tokenizer));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "text/chat_template.hpp"
#include "text/tokenizer.hpp"

namespace temper {

// The id of a special token that `named` gives by text or number, or that `usual` texts find; -1
// where there is none.
std::int32_t special_token(const Json& named, const std::string& name, const Tokenizer& tokenizer,
                           const std::vector<std::string>& usual);

// Begin and end token as templates see them, and a fixed day for their clock.
ChatOptions chat_options(const Json& named, const Tokenizer& tokenizer);

// The special tokens that the tokenizer puts around any text.
struct Surroundings {
  std::vector<std::int32_t> before, after;
  // Whether a text begins with this token, which the tokenizer then puts there. A conversation is
  // given it too, once, whether or not its template writes it.
  bool begin_with(std::int32_t token) const { return !before.empty() && before.front() == token; }
};
Surroundings surroundings_of(const Tokenizer& tokenizer);

}  // namespace temper
