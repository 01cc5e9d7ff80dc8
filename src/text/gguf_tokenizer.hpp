// The tokenizer that a GGUF file embeds, as the tokenizer.json that says the same.
//
//   const GgufHeader header = value_or_throw(read_gguf_header("SmolLM2.Q4_1.gguf"));
//   const Json json = value_or_throw(tokenizer_json_of(header));
//   const Tokenizer tokenizer = value_or_throw(Tokenizer::from_json(json, header.file.string()));
//
// Kinds: "gpt2" (byte-level BPE, words cut as tokenizer.ggml.pre says) and "llama" (SentencePiece's
// BPE by scores). Source: llama.cpp, src/llama-vocab.cpp; merges from scores as Transformers makes
// them (convert_slow_tokenizer.py, generate_merges).
#pragma once

#include "core/json.hpp"
#include "core/problem.hpp"
#include "plan/gguf_header.hpp"

namespace temper {

// Problems, each with the key: another kind, a pre-tokenizer that is not known by that name (none
// is guessed), missing arrays, arrays of different lengths, tokens that are doubled or no UTF-8,
// ids outside the vocabulary.
Checked<Json> tokenizer_json_of(const GgufHeader& header);

}  // namespace temper
