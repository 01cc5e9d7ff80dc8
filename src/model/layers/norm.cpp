#include "model/layers/norm.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "kernels/layer_norm.hpp"
#include "kernels/rms_norm.hpp"
#include "model/dispatch.hpp"

namespace temper {

at::Tensor norm_forward(const Norm& norm, const at::Tensor& x, const at::Tensor& residual,
                        NormSaved& saved) {
  const std::int64_t rows = x.size(0), width = x.size(1);
  const bool layer = norm.kind == NormKind::layer_norm;
  const at::Tensor y = at::empty_like(x);
  saved.sum = x;
  saved.stats = at::empty({rows, layer ? 2 : 1}, at::dtype(accumulate_type(x.scalar_type())));
  dispatch(x.scalar_type(), [&]<class T>() {
    if (layer)
      layer_norm_forward(data<T>(x), data<T>(residual), data<T>(norm.weight.weight),
                         data<T>(norm.bias.weight), norm.eps, rows, width, data<T>(saved.sum),
                         data<T>(y), accumulator<T>(saved.stats));
    else
      rms_norm_forward(data<T>(x), data<T>(residual), data<T>(norm.weight.weight),
                       norm.kind == NormKind::rms_norm_plus_one, norm.eps, rows, width,
                       data<T>(saved.sum), data<T>(y), accumulator<T>(saved.stats));
  });
  return y;
}

at::Tensor norm_again(const Norm& norm, const NormSaved& saved) {
  NormSaved same;
  return norm_forward(norm, saved.sum, {}, same);
}

at::Tensor norm_backward(const Norm& norm, const at::Tensor& dy, const NormSaved& saved,
                         const at::Tensor& add) {
  const std::int64_t rows = dy.size(0), width = dy.size(1);
  const at::Tensor ds = at::empty_like(dy);
  dispatch(dy.scalar_type(), [&]<class T>() {
    if (norm.kind == NormKind::layer_norm)
      layer_norm_backward(data<T>(dy), data<T>(saved.sum), data<T>(norm.weight.weight),
                          accumulator<T>(saved.stats), data<T>(add), rows, width, data<T>(ds),
                          accumulator<T>(norm.weight.gradient), accumulator<T>(norm.bias.gradient));
    else
      rms_norm_backward(data<T>(dy), data<T>(saved.sum), data<T>(norm.weight.weight),
                        norm.kind == NormKind::rms_norm_plus_one, accumulator<T>(saved.stats),
                        data<T>(add), rows, width, data<T>(ds),
                        accumulator<T>(norm.weight.gradient));
  });
  return ds;
}

}  // namespace temper
