#include "kernels/token_loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/parallel.hpp"

namespace temper {

namespace {

// Classes whose exponentials are taken against one maximum: fits the first-level cache.
constexpr std::int64_t kBlock = 1024;

// One row: exponentials against the maximum of their block, and what the blocks add up to. A row
// is read once and written once; the exponentials between stay in the second-level cache.
template <class A>
struct Row {
  std::vector<A> exponentials, tops;  // [classes], [blocks]
  A top = std::numeric_limits<A>::lowest();
  double sum = 0, logits = 0;  // of exp(logit - top), of logits

  explicit Row(std::int64_t classes)
      : exponentials(std::size_t(classes)), tops(std::size_t((classes + kBlock - 1) / kBlock)) {}
};

// Whether the target's logit is the largest; a lower class with the same logit wins.
template <class T>
bool is_largest(const T* logits, std::int64_t target, std::int64_t classes) {
  using A = Accumulate<T>;
  const A wanted = load(logits + target);
  std::int32_t before = 0, after = 0;
#pragma omp simd reduction(| : before)
  for (std::int64_t j = 0; j < target; ++j) before |= !(load(logits + j) < wanted);
#pragma omp simd reduction(| : after)
  for (std::int64_t j = target + 1; j < classes; ++j) after |= !(load(logits + j) <= wanted);
  return (before | after) == 0;
}

// One block's logits, softcapped, in the accumulation type; also stored back with `keep`.
template <class T, class A>
void read_block(T* logits, std::int64_t count, A softcap, bool keep, A* values) {
  if (softcap <= 0) {
    for (std::int64_t j = 0; j < count; ++j) values[j] = load(logits + j);
    return;
  }
  const A inverse = A(1) / softcap;
#pragma omp simd
  for (std::int64_t j = 0; j < count; ++j)
    values[j] = softcap * fast_tanh(load(logits + j) * inverse);
  if (keep)
    for (std::int64_t j = 0; j < count; ++j) store(logits + j, values[j]);
}

template <class A>
struct BlockSums {
  A top = std::numeric_limits<A>::lowest(), logits = 0, exponentials = 0;
};

// Values become exponentials.
template <class A>
BlockSums<A> exponentiate(A* values, std::int64_t count) {
  A top = std::numeric_limits<A>::lowest(), total = 0, sum = 0;
#pragma omp simd reduction(max : top) reduction(+ : total)
  for (std::int64_t j = 0; j < count; ++j) {
    top = values[j] > top ? values[j] : top;
    total += values[j];
  }
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < count; ++j) sum += (values[j] = fast_exp(values[j] - top));
  return {top, total, sum};
}

// Reads the whole row; returns the target's softcapped logit.
template <class T, class A>
A read_row(T* logits, std::int64_t target, std::int64_t classes, A softcap, bool keep,
           Row<A>& row) {
  A wanted = 0;
  row.top = std::numeric_limits<A>::lowest(), row.sum = row.logits = 0;
  for (std::int64_t begin = 0; begin < classes; begin += kBlock) {
    const std::int64_t count = std::min(kBlock, classes - begin);
    A* values = row.exponentials.data() + begin;
    read_block(logits + begin, count, softcap, keep, values);
    if (begin <= target && target < begin + count) wanted = values[target - begin];
    const BlockSums<A> sums = exponentiate(values, count);
    row.tops[std::size_t(begin / kBlock)] = sums.top;
    row.logits += double(sums.logits);
    if (sums.top > row.top) {
      row.sum *= std::exp(double(row.top) - double(sums.top));
      row.top = sums.top;
    }
    row.sum += double(sums.exponentials) * std::exp(double(sums.top) - double(row.top));
  }
  return wanted;
}

// d loss / d logit = p (1 + 2 z lse) - smoothing / classes - (1 - smoothing) [j == target], then
// through the softcap: times 1 - (capped / c)^2.
template <class T, class A>
void write_gradient(T* logits, std::int32_t target, std::int64_t classes, A softcap, double log_sum,
                    const TokenLossOptions& options, const Row<A>& row) {
  const A even = A(options.label_smoothing / double(classes));
  const A inverse = softcap > 0 ? A(1) / softcap : A(0);
  const auto slope = [&](A raw) {
    const A t = fast_tanh(raw * inverse);
    return 1 - t * t;
  };
  const A target_slope = softcap > 0 ? slope(load(logits + target)) : A(1);
  A of_target = 0;
  for (std::int64_t b = 0; b * kBlock < classes; ++b) {
    const std::int64_t begin = b * kBlock, count = std::min(kBlock, classes - begin);
    const A share = A((1 + 2 * options.z_loss * log_sum) *
                      std::exp(double(row.tops[std::size_t(b)]) - double(row.top)) / row.sum);
    const A* e = row.exponentials.data() + begin;
    T* out = logits + begin;
    if (begin <= target && target < begin + count) of_target = e[target - begin] * share - even;
    if (softcap > 0)
#pragma omp simd
      for (std::int64_t j = 0; j < count; ++j)
        store(out + j, (e[j] * share - even) * slope(load(out + j)));
    else
#pragma omp simd
      for (std::int64_t j = 0; j < count; ++j) store(out + j, e[j] * share - even);
  }
  store(logits + target, (of_target - A(1 - options.label_smoothing)) * target_slope);
}

template <class T, class A>
TokenLoss loss_of_row(T* logits, std::int32_t target, std::int64_t classes,
                      const TokenLossOptions& options, bool gradient, Row<A>& row) {
  const A softcap = A(options.softcap);
  TokenLoss result;
  result.correct = is_largest(logits, target, classes);
  const A wanted = read_row(logits, target, classes, softcap, /*keep=*/!gradient, row);
  const double log_sum = double(row.top) + std::log(row.sum);
  result.nll = log_sum - double(wanted);
  result.loss = (1 - options.label_smoothing) * result.nll +
                options.label_smoothing * (log_sum - row.logits / double(classes)) +
                options.z_loss * log_sum * log_sum;
  if (gradient) write_gradient(logits, target, classes, softcap, log_sum, options, row);
  return result;
}

}  // namespace

template <class T>
void token_loss(T* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t classes,
                const TokenLossOptions& options, bool gradient, TokenLoss* results) {
  parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int) {
    Row<Accumulate<T>> row(classes);
    for (std::int64_t r = begin; r < end; ++r)
      results[r] = loss_of_row(logits + r * classes, targets[r], classes, options, gradient, row);
  });
}

#define TEMPER_TOKEN_LOSS(T)                                                       \
  template void token_loss<T>(T*, const std::int32_t*, std::int64_t, std::int64_t, \
                              const TokenLossOptions&, bool, TokenLoss*);
TEMPER_TOKEN_LOSS(double)
TEMPER_TOKEN_LOSS(float)
TEMPER_TOKEN_LOSS(Bf16)
#undef TEMPER_TOKEN_LOSS

}  // namespace temper
