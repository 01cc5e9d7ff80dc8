#include "kernels/gated.hpp"

#include "kernels/curves.hpp"
#include "kernels/parallel.hpp"

namespace temper {

template <class T>
void gated_forward(Curve curve, const T* gate_up, std::int64_t rows, std::int64_t width, T* y) {
  with_curve(curve, [&](auto shape) {
    parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t r = begin; r < end; ++r) {
        const T *gate = gate_up + 2 * r * width, *up = gate + width;
        T* out = y + r * width;
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i)
          store(out + i, shape.value(load(gate + i)) * load(up + i));
      }
    });
  });
}

template <class T>
void gated_backward(Curve curve, const T* gate_up, const T* dy, std::int64_t rows,
                    std::int64_t width, T* d_gate_up) {
  using A = Accumulate<T>;
  with_curve(curve, [&](auto shape) {
    parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t r = begin; r < end; ++r) {
        const T *gate = gate_up + 2 * r * width, *up = gate + width, *out = dy + r * width;
        T *d_gate = d_gate_up + 2 * r * width, *d_up = d_gate + width;
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) {
          const auto point = shape.both(load(gate + i));
          const A d = load(out + i);
          store(d_gate + i, d * load(up + i) * point.slope);
          store(d_up + i, d * point.value);
        }
      }
    });
  });
}

#define TEMPER_GATED(T)                                                            \
  template void gated_forward<T>(Curve, const T*, std::int64_t, std::int64_t, T*); \
  template void gated_backward<T>(Curve, const T*, const T*, std::int64_t, std::int64_t, T*);
TEMPER_GATED(double)
TEMPER_GATED(float)
TEMPER_GATED(Bf16)
#undef TEMPER_GATED

}  // namespace temper
