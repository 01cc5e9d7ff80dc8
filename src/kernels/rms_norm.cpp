#include "kernels/rms_norm.hpp"

#include <vector>

#include "kernels/parallel.hpp"

namespace temper {

namespace {

// The value that a T keeps of `value`.
template <class T>
inline Accumulate<T> kept(Accumulate<T> value) {
  T stored;
  store(&stored, value);
  return load(&stored);
}

// s = x + residual, rounded as it is stored; the sum of its squares.
template <class T>
Accumulate<T> add_and_square(const T* x, const T* residual, std::int64_t width, T* sum) {
  using A = Accumulate<T>;
  A squares = 0;
  if (residual != nullptr)
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) store(sum + i, load(x + i) + load(residual + i));
  else if (sum != x)
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) sum[i] = x[i];
#pragma omp simd reduction(+ : squares)
  for (std::int64_t i = 0; i < width; ++i) squares += load(sum + i) * load(sum + i);
  return squares;
}

// sum(g dy s), g = offset + gain
template <class T>
Accumulate<T> dot_with_gain(const T* dy, const T* s, const T* gain, Accumulate<T> offset,
                            std::int64_t width) {
  Accumulate<T> dot = 0;
#pragma omp simd reduction(+ : dot)
  for (std::int64_t i = 0; i < width; ++i)
    dot += load(dy + i) * (offset + load(gain + i)) * load(s + i);
  return dot;
}

}  // namespace

template <class T>
void rms_norm_forward(const T* x, const T* residual, const T* gain, bool plus_one, double eps,
                      std::int64_t rows, std::int64_t width, T* sum, T* y, Accumulate<T>* stats) {
  using A = Accumulate<T>;
  parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t r = begin; r < end; ++r) {
      T *s = sum + r * width, *out = y + r * width;
      const A squares = add_and_square(
          x + r * width, residual == nullptr ? nullptr : residual + r * width, width, s);
      const A rrms = stats[r] = A(1) / std::sqrt(squares / A(width) + A(eps));
      if (plus_one)
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i)
          store(out + i, load(s + i) * rrms * (1 + load(gain + i)));
      else
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i)
          store(out + i, kept<T>(load(s + i) * rrms) * load(gain + i));
    }
  });
}

template <class T>
void rms_norm_backward(const T* dy, const T* sum, const T* gain, bool plus_one,
                       const Accumulate<T>* stats, const T* add, std::int64_t rows,
                       std::int64_t width, T* ds, Accumulate<T>* gain_gradient) {
  using A = Accumulate<T>;
  const int workers = row_workers();
  const A offset = plus_one ? A(1) : A(0);
  std::vector<A> partial(std::size_t(gain_gradient == nullptr ? 0 : width * workers), A(0));
  parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int worker) {
    A* dgain = gain_gradient == nullptr ? nullptr : partial.data() + width * worker;
    for (std::int64_t r = begin; r < end; ++r) {
      const T *g = dy + r * width, *s = sum + r * width;
      const A rrms = stats[r];
      const A dot = dot_with_gain<T>(g, s, gain, offset, width);
      if (dgain != nullptr)
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) dgain[i] += load(g + i) * (load(s + i) * rrms);
      // d s = r g dy - s r^3 / width * sum(g dy s)
      const A share = dot * rrms * rrms * rrms / A(width);
      T* out = ds + r * width;
      const T* more = add == nullptr ? nullptr : add + r * width;
      if (more == nullptr)
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i)
          store(out + i, rrms * (offset + load(gain + i)) * load(g + i) - load(s + i) * share);
      else
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i)
          store(out + i, rrms * (offset + load(gain + i)) * load(g + i) - load(s + i) * share +
                             load(more + i));
    }
  });
  for (int worker = 0; gain_gradient != nullptr && worker < workers; ++worker)
    for (std::int64_t i = 0; i < width; ++i)
      gain_gradient[i] += partial[std::size_t(width * worker + i)];
}

#define TEMPER_RMS_NORM(T)                                                                     \
  template void rms_norm_forward<T>(const T*, const T*, const T*, bool, double, std::int64_t,  \
                                    std::int64_t, T*, T*, Accumulate<T>*);                     \
  template void rms_norm_backward<T>(const T*, const T*, const T*, bool, const Accumulate<T>*, \
                                     const T*, std::int64_t, std::int64_t, T*, Accumulate<T>*);
TEMPER_RMS_NORM(double)
TEMPER_RMS_NORM(float)
TEMPER_RMS_NORM(Bf16)
#undef TEMPER_RMS_NORM

}  // namespace temper
