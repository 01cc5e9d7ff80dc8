// From a row to the documents that it becomes: token ids, and what is known of each token.
//
//   RowEncoder encoder(recipe, tokenizer);
//   EncodedRow encoded;
//   const std::string wrong = encoder.encode(row, encoded);     // "" or why the row is bad
//
// classification, regression   the text, or two, with the tokenizer's special tokens
// sft                          the conversation as the chat template renders it, tokenized once;
// the
//                              assistant's words and end tokens are learned. Prompt-completion
//                              texts are prompt, completion and end token, as they stand.
// clm, mlm                     the text with the tokenizer's special tokens (of clm an end token
//                              too); what is longer than a document becomes several
// token-classification         words with spaces between; a word's first token has its label
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/prepare/recipe.hpp"
#include "io/rows.hpp"
#include "text/tokenizer.hpp"

namespace temper {

struct EncodedDocument {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> types, marks;  // of text pairs; TokenMarks, of language models
  std::vector<std::int32_t> tags;          // of token classification: index of a label, -1: none
  std::int64_t trained_bytes = 0;
};

struct EncodedRow {
  std::vector<EncodedDocument> documents;
  std::int64_t tokens = 0;       // of the whole row, before anything was cut
  bool cut = false;              // tokens were lost
  std::int64_t learned_cut = 0;  // of them, those that would have been learned
  std::int64_t straddling = 0;   // tokens over the edge of what is learned, not learned
};

class RowEncoder {
 public:
  // Throws BadInput: no room in max_length, a conversation without a template, a template that is
  // none, no end or mask token where one is needed. Both outlive this.
  RowEncoder(const Recipe& recipe, const Tokenizer& tokenizer);
  ~RowEncoder();

  std::string encode(const Row& row, EncodedRow& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace temper
