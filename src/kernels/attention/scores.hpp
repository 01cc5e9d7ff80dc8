// What happens to a row of scores between two products of attention: scale, softcap, mask, softmax,
// dropout, and the way back. Internal to attention.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/attention/work.hpp"
#include "kernels/vectors.hpp"

namespace temper {

// A row of scores: the columns that its query sees, within those that its block computes (whole
// vectors).
struct ScoreRow {
  Extent visible, block;
  template <class A>
  Extent vectors() const {
    return {visible.begin / kLanes<A> * kLanes<A>, align_up(visible.end, kLanes<A>)};
  }
};

// Lanes of the row's first and last vectors beyond what is visible become `other`.
template <class A>
inline void set_hidden_lanes(const ScoreRow& row, A other, A* scores) {
  const Extent vectors = row.vectors<A>();
  const auto set = [&](std::int64_t at) {
    const std::int64_t begin = row.visible.begin - at, end = row.visible.end - at;
#pragma omp simd
    for (std::int64_t lane = 0; lane < kLanes<A>; ++lane)
      scores[at + lane] = lane >= begin && lane < end ? scores[at + lane] : other;
  };
  if (row.visible.begin > vectors.begin) set(vectors.begin);
  if (row.visible.end < vectors.end) set(vectors.end - kLanes<A>);
}

// Whole vectors of the block that the query does not see become 0.
template <class A>
inline void clear_hidden_vectors(const ScoreRow& row, A* scores) {
  const Extent vectors = row.vectors<A>();
  for (std::int64_t j = row.block.begin; j < vectors.begin; ++j) scores[j] = 0;
  for (std::int64_t j = vectors.end; j < row.block.end; ++j) scores[j] = 0;
}

// Scores become c tanh(factor score / c), or factor score where c is 0.
template <class A>
inline void scale_and_cap(Extent columns, A factor, A softcap, A* scores) {
  if (softcap > 0) {
    const A inverse = factor / softcap;
#pragma omp simd
    for (std::int64_t j = columns.begin; j < columns.end; ++j)
      scores[j] = softcap * fast_tanh(scores[j] * inverse);
  } else if (factor != 1) {
#pragma omp simd
    for (std::int64_t j = columns.begin; j < columns.end; ++j) scores[j] *= factor;
  }
}

// Softmax in place of the visible scores; what lies beside them becomes 0. The logarithm of the sum
// of exponentials is returned.
template <class A>
inline A softmax(const ScoreRow& row, A* scores) {
  const Extent vectors = row.vectors<A>();
  set_hidden_lanes(row, std::numeric_limits<A>::lowest(), scores);
  A largest = std::numeric_limits<A>::lowest(), sum = 0;
#pragma omp simd reduction(max : largest)
  for (std::int64_t j = vectors.begin; j < vectors.end; ++j)
    largest = scores[j] > largest ? scores[j] : largest;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = vectors.begin; j < vectors.end; ++j)
    sum += (scores[j] = fast_exp(scores[j] - largest));
  const A share = A(1) / sum;
#pragma omp simd
  for (std::int64_t j = vectors.begin; j < vectors.end; ++j) scores[j] *= share;
  set_hidden_lanes(row, A(0), scores);
  clear_hidden_vectors(row, scores);
  return largest + std::log(sum);
}

// P becomes P o M for the dropout scales M of its columns.
template <class A>
inline void drop(const ScoreRow& row, const float* keep, A* p) {
#pragma omp simd
  for (std::int64_t j = row.visible.begin; j < row.visible.end; ++j) p[j] *= A(keep[j]);
}

// What score_gradient needs besides the row itself.
template <class A>
struct Softmaxed {
  A log_sum, dot;               // of the forward pass; rowsum(out o dout)
  A softcap;                    // 0: none
  const float* keep = nullptr;  // dropout scales; null: none
};

// Scores S (scaled and capped) and dP become P o M and dS = P o (M o dP - dot), through the
// softcap's slope 1 - (S / c)^2.
template <class A>
inline void score_gradient(const ScoreRow& row, const Softmaxed<A>& known, A* p, A* ds) {
  const Extent all = row.vectors<A>();
  const A inverse = known.softcap > 0 ? A(1) / known.softcap : A(0);
  const A log_sum = known.log_sum, dot = known.dot;
  if (known.keep == nullptr) {
#pragma omp simd
    for (std::int64_t j = all.begin; j < all.end; ++j) {
      const A ratio = p[j] * inverse;
      p[j] = fast_exp(p[j] - log_sum);
      ds[j] = p[j] * (ds[j] - dot) * (1 - ratio * ratio);
    }
  } else {
    const float* keep = known.keep;
#pragma omp simd
    for (std::int64_t j = row.visible.begin; j < row.visible.end; ++j) {
      const A ratio = p[j] * inverse, probability = fast_exp(p[j] - log_sum);
      ds[j] = probability * (ds[j] * A(keep[j]) - dot) * (1 - ratio * ratio);
      p[j] = probability * A(keep[j]);
    }
  }
  for (A* values : {p, ds}) {
    set_hidden_lanes(row, A(0), values);
    clear_hidden_vectors(row, values);
  }
}

}  // namespace temper
