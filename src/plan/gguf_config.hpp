// From the metadata of a GGUF file to the JSON files that a Hugging Face directory would hold.
//
//   const GgufHeader header = value_or_throw(read_gguf_header("SmolLM2.Q4_1.gguf"));
//   value_or_throw(config_of_gguf(header))["hidden_size"];    // 576
#pragma once

#include "core/json.hpp"
#include "plan/gguf_header.hpp"

namespace temper {

// config.json of the architectures llama, qwen2, qwen3, gemma, gemma2, gemma3, phi3 and gpt2, as
// Transformers writes it. The head is tied where the file has no output.weight. Problems, each with
// its key: an architecture that is not supported, missing or odd values, factors in
// rope_freqs.weight that are not Llama 3's rule, and every key of the architecture that nobody
// here knows: it might change the mathematics.
Checked<Json> config_of_gguf(const GgufHeader& header);

// tokenizer_config.json without the template, and generation_config.json.
Json tokenizer_config_of_gguf(const GgufHeader& header);
Json generation_config_of_gguf(const GgufHeader& header);
// tokenizer.chat_template; "" when there is none.
std::string chat_template_of_gguf(const GgufHeader& header);

}  // namespace temper
