// The heads that decoders of the Llama kind share: the vocabulary, a class of the last token, a
// class of each token.
#pragma once

#include <string>
#include <vector>

#include "plan/families.hpp"

namespace temper {

// `class_name`: "Llama" of LlamaForCausalLM.
std::vector<HeadRule> decoder_heads(const std::string& class_name);

}  // namespace temper
