// The tables of all families, one function for each group of alike ones.
#pragma once

#include <vector>

#include "plan/families.hpp"

namespace temper {

std::vector<Family> llama_families();  // Llama, Mistral, Qwen
std::vector<Family> gpt_families();    // GPT-2
std::vector<Family> bert_families();   // BERT

}  // namespace temper
