#include "model/pooling.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>

#include "kernels/embedding.hpp"
#include "model/dispatch.hpp"

namespace temper {

namespace {

// The token that stands for document `n`.
std::int64_t token_of(Pooling pooling, const PackedBatch& batch, std::int64_t n) {
  return pooling == Pooling::cls ? batch.offsets[std::size_t(n)]
                                 : batch.offsets[std::size_t(n) + 1] - 1;
}

}  // namespace

at::Tensor pool_documents(Pooling pooling, const at::Tensor& hidden, const PackedBatch& batch) {
  const at::Tensor pooled =
      at::empty({batch.size(), hidden.size(1)}, at::dtype(accumulate_type(hidden.scalar_type())));
  if (pooling == Pooling::mean)
    dispatch(hidden.scalar_type(), [&]<class T>() {
      mean_pool_forward(data<T>(hidden), batch.offsets.data(), batch.size(), hidden.size(1),
                        accumulator<T>(pooled));
    });
  else
    for (std::int64_t n = 0; n < batch.size(); ++n)
      pooled[n].copy_(hidden[token_of(pooling, batch, n)]);
  return pooled;
}

at::Tensor pool_documents_backward(Pooling pooling, const at::Tensor& d_pooled,
                                   const at::Tensor& hidden, const PackedBatch& batch) {
  if (pooling == Pooling::mean) {
    const at::Tensor d_hidden = at::empty_like(hidden);
    dispatch(hidden.scalar_type(), [&]<class T>() {
      mean_pool_backward(accumulator<T>(d_pooled), batch.offsets.data(), batch.size(),
                         hidden.size(1), data<T>(d_hidden));
    });
    return d_hidden;
  }
  const at::Tensor d_hidden = at::zeros_like(hidden);
  for (std::int64_t n = 0; n < batch.size(); ++n)
    d_hidden[token_of(pooling, batch, n)].copy_(d_pooled[n]);
  return d_hidden;
}

}  // namespace temper
