// AdamW (Loshchilov and Hutter 2017, 1711.05101) on flat extents: unscale, clip, moments, decay,
// update and cast in one pass.
//
//   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w = w (1 - lr decay) - lr / (1 - b1^t) * m /
//   (sqrt(v / (1 - b2^t)) + eps)
//
// A bf16 weight's master value is kept as two 16-bit planes: the upper one *is* the bf16 weight,
// the lower a signed correction: master = (high << 16) + low, high = (u + 0x8000) >> 16. Exact for
// every finite fp32 pattern below the largest.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/number.hpp"

namespace temper {

// Everything of one optimizer step that is not per element. `step` counts from 1.
struct AdamWStep {
  double learning_rate = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double correction1 = 1, correction2 = 1;  // 1 - b1^t, 1 - b2^t
  double gradient_scale = 1;                // clip factor / global loss weight
};
AdamWStep adamw_step(double learning_rate, double beta1, double beta2, double epsilon,
                     std::int64_t step);

// `low` is the lower plane for Bf16 and unused (may be null) otherwise. The gradient is not
// changed.
template <class T>
void adamw(T* weight, std::int16_t* low, const Accumulate<T>* gradient, Accumulate<T>* first,
           Accumulate<T>* second, std::int64_t count, double weight_decay, const AdamWStep& step);

// The same for some rows of a table [., width]: gradient row i goes to row rows[i]. No row twice.
template <class T>
void adamw_rows(T* weight, std::int16_t* low, const Accumulate<T>* gradient, Accumulate<T>* first,
                Accumulate<T>* second, const std::int32_t* rows, std::int64_t count,
                std::int64_t width, double weight_decay, const AdamWStep& step);

// The steps begin..end-1 of `history` (indices) with zero gradient, for one row of a table whose
// gradient is sparse by rows: what dense AdamW would have done to it, in the same order. Stops
// early, with the moments decayed in closed form, once no element can change any more.
template <class T>
void adamw_missed_steps(T* weight, std::int16_t* low, Accumulate<T>* first, Accumulate<T>* second,
                        std::int64_t width, double weight_decay,
                        const std::vector<AdamWStep>& history, std::int64_t begin,
                        std::int64_t end);

// fp32 values into the two planes and back.
void split_planes(const float* value, std::int64_t count, Bf16* high, std::int16_t* low);
float join_planes(Bf16 high, std::int16_t low);

struct SquareSum {
  double sum = 0;
  std::int64_t not_finite = 0;
};
// Sum of squares in fixed blocks of 4,096 elements, added in order in fp64: independent of the
// number of threads.
template <class A>
SquareSum square_sum(const A* values, std::int64_t count);

}  // namespace temper
