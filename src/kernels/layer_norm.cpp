#include "kernels/layer_norm.hpp"

#include <vector>

#include "kernels/parallel.hpp"

namespace temper {

template <class T>
void layer_norm_forward(const T* x, const T* residual, const T* gain, const T* bias, double eps,
                        std::int64_t rows, std::int64_t width, T* sum, T* y, Accumulate<T>* stats) {
  using A = Accumulate<T>;
  parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int) {
    std::vector<A> row(static_cast<std::size_t>(width));
    A* s = row.data();
    for (std::int64_t r = begin; r < end; ++r) {
      const T* xr = x + r * width;
      T *sr = sum + r * width, *yr = y + r * width;
      if (residual != nullptr) {
        const T* rr = residual + r * width;
        for (std::int64_t i = 0; i < width; ++i) store(sr + i, load(xr + i) + load(rr + i));
      } else if (sr != xr) {
        for (std::int64_t i = 0; i < width; ++i) sr[i] = xr[i];
      }
      A mean = 0, variance = 0;
#pragma omp simd reduction(+ : mean)
      for (std::int64_t i = 0; i < width; ++i) mean += (s[i] = load(sr + i));
      mean /= A(width);
#pragma omp simd reduction(+ : variance)
      for (std::int64_t i = 0; i < width; ++i) variance += (s[i] - mean) * (s[i] - mean);
      const A rstd = A(1) / std::sqrt(variance / A(width) + A(eps));
      stats[2 * r] = mean, stats[2 * r + 1] = rstd;
      if (bias == nullptr)
        for (std::int64_t i = 0; i < width; ++i)
          store(yr + i, (s[i] - mean) * rstd * load(gain + i));
      else
        for (std::int64_t i = 0; i < width; ++i)
          store(yr + i, (s[i] - mean) * rstd * load(gain + i) + load(bias + i));
    }
  });
}

template <class T>
void layer_norm_backward(const T* dy, const T* sum, const T* gain, const Accumulate<T>* stats,
                         const T* add, std::int64_t rows, std::int64_t width, T* ds,
                         Accumulate<T>* gain_gradient, Accumulate<T>* bias_gradient) {
  using A = Accumulate<T>;
  const int workers = row_workers();
  const bool trained = gain_gradient != nullptr || bias_gradient != nullptr;
  std::vector<A> partial(static_cast<std::size_t>(2 * width * workers), A(0));
  parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int worker) {
    A* dgain = partial.data() + 2 * width * worker;
    A* dbias = dgain + width;
    std::vector<A> buffers(static_cast<std::size_t>(2 * width));
    A *g = buffers.data(), *normal = g + width;
    for (std::int64_t r = begin; r < end; ++r) {
      const T *dyr = dy + r * width, *sr = sum + r * width;
      const A mean = stats[2 * r], rstd = stats[2 * r + 1];
      A sum_g = 0, sum_gn = 0;
#pragma omp simd reduction(+ : sum_g, sum_gn)
      for (std::int64_t i = 0; i < width; ++i) {
        const A d = load(dyr + i), n = (load(sr + i) - mean) * rstd;
        normal[i] = n;
        g[i] = d * load(gain + i);
        sum_g += g[i];
        sum_gn += g[i] * n;
      }
      if (trained)
        for (std::int64_t i = 0; i < width; ++i) {
          const A d = load(dyr + i);
          dgain[i] += d * normal[i];
          dbias[i] += d;
        }
      sum_g /= A(width), sum_gn /= A(width);
      T* dsr = ds + r * width;
      if (add == nullptr)
        for (std::int64_t i = 0; i < width; ++i)
          store(dsr + i, rstd * (g[i] - sum_g - normal[i] * sum_gn));
      else
        for (std::int64_t i = 0; i < width; ++i)
          store(dsr + i, load(add + r * width + i) + rstd * (g[i] - sum_g - normal[i] * sum_gn));
    }
  });
  const auto add_partials = [&](std::int64_t first, A* sums) {
    if (sums == nullptr) return;
    for (int worker = 0; worker < workers; ++worker)
      for (std::int64_t i = 0; i < width; ++i)
        sums[i] += partial[std::size_t(2 * width * worker + first + i)];
  };
  add_partials(0, gain_gradient);
  add_partials(width, bias_gradient);
}

#define TEMPER_LAYER_NORM(T)                                                                     \
  template void layer_norm_forward<T>(const T*, const T*, const T*, const T*, double,            \
                                      std::int64_t, std::int64_t, T*, T*, Accumulate<T>*);       \
  template void layer_norm_backward<T>(const T*, const T*, const T*, const Accumulate<T>*,       \
                                       const T*, std::int64_t, std::int64_t, T*, Accumulate<T>*, \
                                       Accumulate<T>*);
TEMPER_LAYER_NORM(double)
TEMPER_LAYER_NORM(float)
TEMPER_LAYER_NORM(Bf16)
#undef TEMPER_LAYER_NORM

}  // namespace temper
