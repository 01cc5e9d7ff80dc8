#include "kernels/adamw.hpp"

#include <algorithm>

#include "kernels/parallel.hpp"

namespace temper {

namespace {

// The master value behind a stored weight.
inline double master(const double* w, const std::int16_t*, std::int64_t i) { return w[i]; }
inline float master(const float* w, const std::int16_t*, std::int64_t i) { return w[i]; }
inline float master(const Bf16* w, const std::int16_t* low, std::int64_t i) {
  return std::bit_cast<float>((std::uint32_t(w[i].bits) << 16) +
                              std::uint32_t(std::int32_t(low[i])));
}
inline void set_master(double* w, std::int16_t*, std::int64_t i, double value) { w[i] = value; }
inline void set_master(float* w, std::int16_t*, std::int64_t i, float value) { w[i] = value; }
inline void set_master(Bf16* w, std::int16_t* low, std::int64_t i, float value) {
  const auto u = std::bit_cast<std::uint32_t>(value);
  const auto high = std::uint16_t((u + 0x8000u) >> 16);
  w[i].bits = high;
  low[i] = std::int16_t(std::int32_t(u - (std::uint32_t(high) << 16)));
}

// The per-step factors in the arithmetic of the update.
template <class A>
struct Factors {
  A new1, b2, new2, scale, decay, rate, root, epsilon;  // new1 = 1 - b1, taken in fp64: 1 - 0.999f
  Factors(const AdamWStep& s, double weight_decay)      // is 1e-5 off
      : new1(A(1 - s.beta1)),
        b2(A(s.beta2)),
        new2(A(1 - s.beta2)),
        scale(A(s.gradient_scale)),
        decay(A(1 - s.learning_rate * weight_decay)),
        rate(A(s.learning_rate / s.correction1)),
        root(A(1 / std::sqrt(s.correction2))),
        epsilon(A(s.epsilon)) {}
};

// One stretch of elements on the calling thread.
template <class T>
void adamw_stretch(T* weight, std::int16_t* low, const Accumulate<T>* gradient,
                   Accumulate<T>* first, Accumulate<T>* second, std::int64_t begin,
                   std::int64_t end, const Factors<Accumulate<T>>& f) {
  using A = Accumulate<T>;
#pragma omp simd
  for (std::int64_t i = begin; i < end; ++i) {
    const A g = gradient[i] * f.scale;
    const A m = first[i] + f.new1 * (g - first[i]);
    const A v = f.b2 * second[i] + f.new2 * g * g;
    first[i] = m, second[i] = v;
    const A w =
        master(weight, low, i) * f.decay - f.rate * (m / (std::sqrt(v) * f.root + f.epsilon));
    set_master(weight, low, i, w);
  }
}

}  // namespace

AdamWStep adamw_step(double learning_rate, double beta1, double beta2, double epsilon,
                     std::int64_t step) {
  return {learning_rate,
          beta1,
          beta2,
          epsilon,
          1 - std::pow(beta1, double(step)),
          1 - std::pow(beta2, double(step)),
          1};
}

template <class T>
void adamw(T* weight, std::int16_t* low, const Accumulate<T>* gradient, Accumulate<T>* first,
           Accumulate<T>* second, std::int64_t count, double weight_decay, const AdamWStep& step) {
  const Factors<Accumulate<T>> f(step, weight_decay);
  parallel_rows(count, [&](std::int64_t begin, std::int64_t end, int) {
    adamw_stretch(weight, low, gradient, first, second, begin, end, f);
  });
}

template <class T>
void adamw_rows(T* weight, std::int16_t* low, const Accumulate<T>* gradient, Accumulate<T>* first,
                Accumulate<T>* second, const std::int32_t* rows, std::int64_t count,
                std::int64_t width, double weight_decay, const AdamWStep& step) {
  const Factors<Accumulate<T>> f(step, weight_decay);
  parallel_rows(count, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t at = rows[i] * width;
      adamw_stretch(weight + at, low == nullptr ? nullptr : low + at, gradient + i * width,
                    first + at, second + at, 0, width, f);
    }
  });
}

template <class T>
void adamw_missed_steps(T* weight, std::int16_t* low, Accumulate<T>* first, Accumulate<T>* second,
                        std::int64_t width, double weight_decay,
                        const std::vector<AdamWStep>& history, std::int64_t begin,
                        std::int64_t end) {
  using A = Accumulate<T>;
  // Before this step the bias corrections and the warm-up may still let updates grow.
  constexpr std::int64_t kUpdatesOnlyShrinkFrom = 32;
  for (std::int64_t s = begin; s < end; ++s) {
    const Factors<A> f(history[std::size_t(s)], weight_decay);
    int changed = 0;
#pragma omp simd reduction(| : changed)
    for (std::int64_t i = 0; i < width; ++i) {
      const A m = first[i] - f.new1 * first[i], v = f.b2 * second[i];
      first[i] = m, second[i] = v;
      const A before = master(weight, low, i);
      const A after = before * f.decay - f.rate * (m / (std::sqrt(v) * f.root + f.epsilon));
      changed |= before != after;
      set_master(weight, low, i, after);
    }
    if (!changed && weight_decay == 0 && s >= kUpdatesOnlyShrinkFrom) {
      const A rest1 = A(std::pow(history[std::size_t(s)].beta1, double(end - s - 1)));
      const A rest2 = A(std::pow(history[std::size_t(s)].beta2, double(end - s - 1)));
      for (std::int64_t i = 0; i < width; ++i) first[i] *= rest1, second[i] *= rest2;
      return;
    }
  }
}

void split_planes(const float* value, std::int64_t count, Bf16* high, std::int16_t* low) {
  for (std::int64_t i = 0; i < count; ++i) set_master(high, low, i, value[i]);
}

float join_planes(Bf16 high, std::int16_t low) { return master(&high, &low, 0); }

namespace {

// Lanes are added up apart: one accumulator would wait for itself at every addition.
template <class A>
A square_sum_of_block(const A* values, std::int64_t count) {
  constexpr std::int64_t kLanes = 64;
  A lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (std::int64_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] += values[i + lane] * values[i + lane];
  for (std::int64_t lane = 0; i + lane < count; ++lane)
    lanes[lane] += values[i + lane] * values[i + lane];
  A sum = 0;
  for (const A lane : lanes) sum += lane;
  return sum;
}

}  // namespace

template <class A>
SquareSum square_sum(const A* values, std::int64_t count) {
  constexpr std::int64_t kBlock = 4096;
  const std::int64_t blocks = (count + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<std::size_t>(blocks));
  parallel_rows(blocks, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t b = begin; b < end; ++b)
      sums[std::size_t(b)] =
          double(square_sum_of_block(values + b * kBlock, std::min(kBlock, count - b * kBlock)));
  });
  SquareSum total;
  for (const double sum : sums) {
    total.sum += sum;
    total.not_finite += std::isfinite(sum) ? 0 : 1;
  }
  return total;
}

#define TEMPER_ADAMW(T)                                                                           \
  template void adamw<T>(T*, std::int16_t*, const Accumulate<T>*, Accumulate<T>*, Accumulate<T>*, \
                         std::int64_t, double, const AdamWStep&);                                 \
  template void adamw_missed_steps<T>(T*, std::int16_t*, Accumulate<T>*, Accumulate<T>*,          \
                                      std::int64_t, double, const std::vector<AdamWStep>&,        \
                                      std::int64_t, std::int64_t);                                \
  template void adamw_rows<T>(T*, std::int16_t*, const Accumulate<T>*, Accumulate<T>*,            \
                              Accumulate<T>*, const std::int32_t*, std::int64_t, std::int64_t,    \
                              double, const AdamWStep&);
TEMPER_ADAMW(double)
TEMPER_ADAMW(float)
TEMPER_ADAMW(Bf16)
#undef TEMPER_ADAMW
template SquareSum square_sum<float>(const float*, std::int64_t);
template SquareSum square_sum<double>(const double*, std::int64_t);

}  // namespace temper
