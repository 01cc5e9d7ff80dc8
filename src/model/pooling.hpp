// One row for each document out of the hidden states of its tokens.
#pragma once

#include "model/packed_batch.hpp"
#include "plan/model_shape.hpp"

namespace temper {

// hidden [tokens, hidden] -> [documents, hidden] in the accumulation type.
at::Tensor pool_documents(Pooling pooling, const at::Tensor& hidden, const PackedBatch& batch);
// The gradient of hidden, in the dtype of `hidden`.
at::Tensor pool_documents_backward(Pooling pooling, const at::Tensor& d_pooled,
                                   const at::Tensor& hidden, const PackedBatch& batch);

}  // namespace temper
