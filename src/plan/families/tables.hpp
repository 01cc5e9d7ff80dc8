// The tables of all families, one function for each group of alike ones.
#pragma once

#include <vector>

#include "plan/families.hpp"

namespace temper {

Family llama();  // what others are but for a few words

std::vector<Family> llama_families();       // Llama, Mistral, Qwen 2 and 3
std::vector<Family> gemma_families();       // Gemma 1, 2, 3
std::vector<Family> phi_families();         // Phi-3
std::vector<Family> starcoder_families();   // StarCoder 2
std::vector<Family> gpt_families();         // GPT-2, OPT, GPT-NeoX
std::vector<Family> bert_families();        // BERT, RoBERTa, XLM-R, DistilBERT
std::vector<Family> modernbert_families();  // ModernBERT

}  // namespace temper
