// From the logits of one position to the next token.
//
//   Sampling greedy;                                   // the largest logit
//   const std::int32_t next = next_token(logits, greedy, seen, {document, position});
//
// The order is that of Transformers' generate: repetition penalty, then, when drawing, temperature,
// top-k, top-p. A draw is keyed by (seed, document, position), so it does not depend on the batch
// or on the number of ranks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace temper {

struct Sampling {
  bool do_sample = false;         // false: greedy
  double temperature = 1;         // > 0
  std::int64_t top_k = 50;        // only the k largest, with all that equal the last; 0: all
  double top_p = 1;               // the fewest of the likeliest that reach this share; 1: all
  double repetition_penalty = 1;  // of tokens seen (Keskar et al. 2019, 1909.05858, section 4.1)
  std::uint64_t seed = 42;
};

struct SamplingPlace {
  std::uint32_t document = 0, position = 0;
};

// `logits` [vocabulary] are changed by the repetition penalty. `seen` are the ids of prompt and
// answer so far, in any order, repeated or not. The lowest id wins a tie.
std::int32_t next_token(std::span<float> logits, const Sampling& sampling,
                        std::span<const std::int32_t> seen, SamplingPlace place);

// What a draw chooses from: ids in ascending order with their probabilities, after temperature,
// top-k and top-p.
struct Candidates {
  std::vector<std::int32_t> ids;
  std::vector<double> probabilities;
};
Candidates candidates(std::span<const float> logits, const Sampling& sampling);

}  // namespace temper
