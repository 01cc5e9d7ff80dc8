#include "kernels/elementwise.hpp"

#include <algorithm>
#include <vector>

#include "kernels/curves.hpp"
#include "kernels/parallel.hpp"

namespace temper {

namespace {

// partial[worker][width] summed in worker order into `sums`.
template <class A>
void add_partials(const std::vector<A>& partial, int workers, std::int64_t width, A* sums) {
  for (int worker = 0; worker < workers; ++worker)
    for (std::int64_t i = 0; i < width; ++i) sums[i] += partial[std::size_t(worker * width + i)];
}

constexpr int kPhiloxLanes = 16;
using Words = std::uint32_t[4][kPhiloxLanes];

// philox() of sixteen counters that differ in the first word: first, first + 1, ...
void philox_lanes(PhiloxKey key, PhiloxCounter first, Words& c) {
  for (std::uint32_t lane = 0; lane < kPhiloxLanes; ++lane) {
    c[0][lane] = first[0] + lane;
    for (std::size_t word = 1; word < 4; ++word) c[word][lane] = first[word];
  }
  for (int round = 0; round < 10; ++round) {
#pragma omp simd
    for (int lane = 0; lane < kPhiloxLanes; ++lane) {
      const std::uint64_t a = std::uint64_t{0xD2511F53u} * c[0][lane];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * c[2][lane];
      const std::uint32_t low = c[1][lane], high = c[3][lane];
      c[0][lane] = std::uint32_t(b >> 32) ^ low ^ key[0];
      c[1][lane] = std::uint32_t(b);
      c[2][lane] = std::uint32_t(a >> 32) ^ high ^ key[1];
      c[3][lane] = std::uint32_t(a);
    }
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
}

}  // namespace

template <class T>
void activation_forward(Curve curve, const T* x, std::int64_t count, T* y) {
  with_curve(curve, [&](auto shape) {
    parallel_rows(count, [&](std::int64_t begin, std::int64_t end, int) {
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) store(y + i, shape.value(load(x + i)));
    });
  });
}

template <class T>
void activation_backward(Curve curve, const T* x, T* dy, std::int64_t rows, std::int64_t width,
                         Accumulate<T>* bias_gradient) {
  using A = Accumulate<T>;
  const int workers = row_workers();
  std::vector<A> partial(static_cast<std::size_t>(workers * width), A(0));
  with_curve(curve, [&](auto shape) {
    parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int worker) {
      A* sums = partial.data() + worker * width;
      for (std::int64_t r = begin; r < end; ++r) {
        const T* xr = x + r * width;
        T* dyr = dy + r * width;
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) {
          const A gradient = load(dyr + i) * shape.both(load(xr + i)).slope;
          sums[i] += gradient;
          store(dyr + i, gradient);
        }
      }
    });
  });
  add_partials(partial, workers, width, bias_gradient);
}

template <class T>
void add_column_sums(const T* dy, std::int64_t rows, std::int64_t width, Accumulate<T>* sums) {
  using A = Accumulate<T>;
  const int workers = row_workers();
  std::vector<A> partial(static_cast<std::size_t>(workers * width), A(0));
  parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int worker) {
    A* mine = partial.data() + worker * width;
    for (std::int64_t r = begin; r < end; ++r)
      for (std::int64_t i = 0; i < width; ++i) mine[i] += load(dy + r * width + i);
  });
  add_partials(partial, workers, width, sums);
}

template <class T>
void add_converted(const T* value, std::int64_t count, Accumulate<T>* accumulator) {
  parallel_rows(count, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) accumulator[i] += load(value + i);
  });
}

void dropout_scales(const DropoutKey& key, TokenPlace place, std::int64_t width, float* scales) {
  const auto threshold =
      std::uint32_t(std::min(4294967295.0, std::round(key.probability * 4294967296.0)));
  const float kept = float(1 / (1 - key.probability));
  const std::uint32_t purpose = purpose_word(Purpose::dropout, key.layer, key.op);
  alignas(64) Words words;
  for (std::int64_t i = 0; i < width; i += 4 * kPhiloxLanes) {
    philox_lanes(philox_key(key.seed),
                 {std::uint32_t(i / 4) | place.position << 16, place.document, key.step, purpose},
                 words);
    alignas(64) float block[4 * kPhiloxLanes];
#pragma omp simd
    for (int lane = 0; lane < kPhiloxLanes; ++lane)
      for (int word = 0; word < 4; ++word)
        block[4 * lane + word] = words[word][lane] >= threshold ? kept : 0.0f;
    std::copy_n(block, std::min<std::int64_t>(4 * kPhiloxLanes, width - i), scales + i);
  }
}

template <class T>
void dropout(T* x, const TokenPlace* places, std::int64_t rows, std::int64_t width,
             const DropoutKey& key) {
  if (key.probability <= 0) return;
  parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int) {
    std::vector<float> scales(static_cast<std::size_t>(width));
    for (std::int64_t r = begin; r < end; ++r) {
      dropout_scales(key, places[r], width, scales.data());
      for (std::int64_t i = 0; i < width; ++i)
        store(x + r * width + i, load(x + r * width + i) * Accumulate<T>(scales[std::size_t(i)]));
    }
  });
}

#define TEMPER_ELEMENTWISE(T)                                                             \
  template void activation_forward<T>(Curve, const T*, std::int64_t, T*);                 \
  template void activation_backward<T>(Curve, const T*, T*, std::int64_t, std::int64_t,   \
                                       Accumulate<T>*);                                   \
  template void add_column_sums<T>(const T*, std::int64_t, std::int64_t, Accumulate<T>*); \
  template void add_converted<T>(const T*, std::int64_t, Accumulate<T>*);                 \
  template void dropout<T>(T*, const TokenPlace*, std::int64_t, std::int64_t, const DropoutKey&);
TEMPER_ELEMENTWISE(double)
TEMPER_ELEMENTWISE(float)
TEMPER_ELEMENTWISE(Bf16)
#undef TEMPER_ELEMENTWISE

}  // namespace temper
