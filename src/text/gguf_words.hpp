// How words are cut under each name that `tokenizer.ggml.pre` may have.
//
//   const GgufWords* words = find_gguf_words("smollm");
//   words->pre_tokenizer();      // single digits, then GPT-2's pattern
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace temper {

struct GgufWords {
  const char* name;
  enum class Cut { gpt2, digits, llama3, qwen2, tekken, gpt4o, old } cut;
  bool composes = false;       // NFC first, as the models' own files say
  bool ignore_merges = false;  // a word that is a token is that token
  bool add_bos = false;        // where the file does not say

  Json pre_tokenizer() const;
};

// Null for a name that is not known.
const GgufWords* find_gguf_words(std::string_view name);
std::vector<std::string> gguf_word_names();

}  // namespace temper
