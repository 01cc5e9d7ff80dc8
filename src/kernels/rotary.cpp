#include "kernels/rotary.hpp"

#include "kernels/parallel.hpp"

namespace temper {

template <class T>
void rotate(T* x, std::int64_t stride, std::int64_t heads, std::int64_t head_size,
            std::int64_t rotated, const Accumulate<T>* cosines, const Accumulate<T>* sines,
            const std::int32_t* positions, std::int64_t tokens, bool inverse) {
  using A = Accumulate<T>;
  const std::int64_t half = rotated / 2;
  const A sign = inverse ? A(-1) : A(1);
  parallel_rows(tokens, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      const A* cosine = cosines + positions[t] * half;
      const A* sine = sines + positions[t] * half;
      for (std::int64_t head = 0; head < heads; ++head) {
        T *first = x + t * stride + head * head_size, *second = first + half;
#pragma omp simd
        for (std::int64_t i = 0; i < half; ++i) {
          const A a = load(first + i), b = load(second + i), s = sign * sine[i];
          store(first + i, a * cosine[i] - b * s);
          store(second + i, b * cosine[i] + a * s);
        }
      }
    }
  });
}

#define TEMPER_ROTARY(T)                                                                   \
  template void rotate<T>(T*, std::int64_t, std::int64_t, std::int64_t, std::int64_t,      \
                          const Accumulate<T>*, const Accumulate<T>*, const std::int32_t*, \
                          std::int64_t, bool);
TEMPER_ROTARY(double)
TEMPER_ROTARY(float)
TEMPER_ROTARY(Bf16)
#undef TEMPER_ROTARY

}  // namespace temper
