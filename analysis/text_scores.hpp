// Scores of generated text against a reference: exact match and token F1 as SQuAD computes them,
// ROUGE as rouge_score 0.1.2 does without stemming.
//
//   token_f1("The cat sat.", "a cat sat down")   ->  0.8
//   rouge_l("the cat sat", "the dog sat").f1     ->  2 / 3
//
// Letters are lowered in ASCII only: accented capitals stay what they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/classification.hpp"

namespace temper {

// Lower case, without ASCII punctuation and the words a, an, the, single spaces between words
// (Rajpurkar et al. 2016, SQuAD's evaluation script).
std::string normalized_answer(std::string_view text);

bool exact_match(std::string_view prediction, std::string_view reference);
// Of the multisets of normalised words. 1 when both have none, 0 when only one has none.
double token_f1(std::string_view prediction, std::string_view reference);

// Runs of a-z and 0-9 after lowering (rouge_score's default tokenizer).
std::vector<std::string> rouge_words(std::string_view text);
// Overlap of n-grams (Lin 2004, section 2), and of the longest common subsequence (section 3).
PrecisionRecallF1 rouge_n(std::string_view prediction, std::string_view reference, int n);
PrecisionRecallF1 rouge_l(std::string_view prediction, std::string_view reference);

}  // namespace temper
