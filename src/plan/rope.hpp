// Inverse frequencies of rotary positions, by the kind of scaling that config.json asks for.
//
//   const auto inverse = inverse_frequencies(shape.ropes[0], 64, 700);
#pragma once

#include <vector>

#include "plan/model_shape.hpp"

namespace temper {

// [head_size * partial / 2]. `length` is the document's: longrope takes its long factors beyond the
// original positions (Ding et al. 2024, 2402.13753); the other kinds do not look at it.
std::vector<double> inverse_frequencies(const Rope& rope, std::int64_t head_size,
                                        std::int64_t length);
// Factor of cosines and sines: 1 but for yarn (Peng et al. 2023, 2309.00071) and longrope.
// `max_positions` is the model's.
double attention_factor(const Rope& rope, std::int64_t max_positions);
// Whether documents of this length use other frequencies than short ones.
bool uses_long_factors(const Rope& rope, std::int64_t length);

}  // namespace temper
