// Text generation with a key-value cache: many prompts through a few slots; a slot whose sequence
// has ended takes the next prompt.
//
//   const std::vector<Generated> answers =
//       generate(stage, head, prompts, {.max_new_tokens = 64, .stop_ids = {2}});
//
// What a sequence draws is keyed by its document and position (sampling.hpp), so neither the batch
// nor the order changes the answer beyond the rounding of products.
#pragma once

#include <functional>

#include "generate/sampling.hpp"
#include "model/head.hpp"
#include "model/stage.hpp"

namespace temper {

struct GenerationOptions {
  Sampling sampling;
  std::int64_t max_new_tokens = 64;
  std::vector<std::int32_t> stop_ids;  // ends of turn and text
  std::int64_t slots = 16;             // sequences at once
  // Asked after every token: whether the answer so far ends here (stop strings). May be empty.
  std::function<bool(std::size_t prompt, const std::vector<std::int32_t>& ids)> stops;
};

struct Generated {
  std::vector<std::int32_t> ids;  // without the stop id
  bool stopped = false;  // by a stop id or `stops`; false: max_new_tokens, or no position left
};

struct Prompt {
  std::vector<std::int32_t> ids;  // at least one, and fewer than the model's positions
  std::uint32_t document = 0;     // key of its draws
};

// Answers in the order of the prompts. Local. Throws BadInput for a prompt that leaves no position.
std::vector<Generated> generate(const Stage& stage, const Head& head,
                                const std::vector<Prompt>& prompts,
                                const GenerationOptions& options);

}  // namespace temper
