// Cross-entropy over a large vocabulary, row by row in place: what a chunk of tokens goes through
// between the product with the head and the product back.
#pragma once

#include <cstdint>

#include "kernels/number.hpp"

namespace temper {

struct TokenLossOptions {
  double label_smoothing = 0;  // share of the target spread over all classes
  double z_loss = 0;           // weight of log(Z)^2 (Chowdhery et al. 2022, PaLM, section 5)
  double softcap = 0;          // logits become c tanh(logit / c) first; 0: none
};

struct TokenLoss {
  double loss = 0;       // what is minimised: smoothed, with the z term
  double nll = 0;        // -log p(target)
  bool correct = false;  // the target's logit is the largest (the lowest class wins a tie)
};

// logits [rows, classes]; targets [rows] in [0, classes). results [rows]. With `gradient`, logits
// become the gradient of the sum of losses with respect to the raw logits; else they are left
// softcapped.
template <class T>
void token_loss(T* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t classes,
                const TokenLossOptions& options, bool gradient, TokenLoss* results);

}  // namespace temper
