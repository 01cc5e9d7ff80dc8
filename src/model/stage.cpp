#include "model/stage.hpp"

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "kernels/embedding.hpp"
#include "model/dispatch.hpp"

namespace temper {

namespace {
constexpr std::uint32_t kEmbedding = 3, kHead = 4;
constexpr const char* kEmbeddings = "embeddings.";

// gradient += value, when the parameter is trained. The head computes in the accumulation type.
void add_gradient(const Parameter& parameter, const at::Tensor& value) {
  if (parameter.trained()) at::Tensor(parameter.gradient).add_(value);
}
}  // namespace

Stage::Stage(const ModelShape& shape, const ParameterTable& table)
    : shape_(shape),
      words_(table.at(std::string(kEmbeddings) + "word_embeddings.weight")),
      positions_(table.at(std::string(kEmbeddings) + "position_embeddings.weight")),
      types_(table.at(std::string(kEmbeddings) + "token_type_embeddings.weight")),
      embedding_norm_{table.at(std::string(kEmbeddings) + "LayerNorm.weight"),
                      table.at(std::string(kEmbeddings) + "LayerNorm.bias"), shape.block.norm_eps},
      classifier_(table, "classifier") {
  for (int layer = 0; layer < shape.layers; ++layer)
    blocks_.emplace_back(shape.block, table, "encoder.layer." + std::to_string(layer) + ".", layer);
  if (shape.has_pooler) pooler_ = Linear(table, "pooler.dense");
  trains_encoder_ = words_.trained();
}

BlockOptions Stage::options(std::uint64_t seed, bool training) const {
  return {seed, training ? shape_.attn_dropout : 0, training ? shape_.hidden_dropout : 0};
}

at::Tensor Stage::embed(const PackedBatch& batch, const BlockOptions& options, Saved& saved) const {
  const std::int64_t tokens = batch.tokens(), hidden = shape_.block.hidden;
  const at::Tensor sum = at::empty({tokens, hidden}, words_.weight.options());
  dispatch(sum.scalar_type(), [&]<class T>() {
    embedding_forward(data<T>(words_.weight), data<T>(positions_.weight), data<T>(types_.weight),
                      batch.ids.data(), batch.positions.data(),
                      batch.types.empty() ? nullptr : batch.types.data(), tokens, hidden,
                      data<T>(sum));
  });
  const at::Tensor x =
      norm_forward(embedding_norm_, sum, {}, saved.embedding_sum, saved.embedding_stats);
  dispatch(x.scalar_type(), [&]<class T>() {
    dropout(data<T>(x), batch.places.data(), tokens, hidden,
            {options.seed, batch.step, 0, kEmbedding, options.hidden_dropout});
  });
  return x;
}

at::Tensor Stage::pool(const at::Tensor& x, const PackedBatch& batch, Saved& saved) const {
  const std::int64_t documents = batch.size(), hidden = shape_.block.hidden;
  const at::ScalarType accumulate = accumulate_type(x.scalar_type());
  at::Tensor pooled = at::empty({documents, hidden}, at::dtype(accumulate));
  if (shape_.pooling == Pooling::mean) {
    dispatch(x.scalar_type(), [&]<class T>() {
      mean_pool_forward(data<T>(x), batch.offsets.data(), documents, hidden,
                        accumulator<T>(pooled));
    });
    return pooled;
  }
  for (std::int64_t n = 0; n < documents; ++n)
    pooled[n].copy_(x[shape_.pooling == Pooling::cls ? batch.offsets[std::size_t(n)]
                                                     : batch.offsets[std::size_t(n) + 1] - 1]);
  if (!shape_.has_pooler) return pooled;
  saved.pooled_input = pooled;
  return at::addmm(pooler_.bias.weight.to(accumulate), pooled,
                   pooler_.weight.weight.to(accumulate).t())
      .tanh_();
}

void Stage::drop_head(const at::Tensor& pooled, const PackedBatch& batch,
                      std::uint64_t seed) const {
  std::vector<TokenPlace> places;
  for (const std::int64_t first : std::vector(batch.offsets.begin(), batch.offsets.end() - 1))
    places.push_back(batch.places[std::size_t(first)]);
  dispatch(pooled.scalar_type(), [&]<class T>() {
    dropout(data<T>(pooled), places.data(), pooled.size(0), pooled.size(1),
            {seed, batch.step, 0, kHead, shape_.head_dropout});
  });
}

at::Tensor Stage::forward(const PackedBatch& batch, std::uint64_t seed, bool training,
                          Saved& saved) const {
  const BlockOptions block_options = options(seed, training);
  at::Tensor x = embed(batch, block_options, saved);
  saved.blocks.resize(blocks_.size());
  for (std::size_t i = 0; i < blocks_.size(); ++i)
    x = blocks_[i].forward(x, batch, block_options, saved.blocks[i], saved.matrix);
  saved.last = x;
  saved.pooled = pool(x, batch, saved);
  saved.head_input = saved.pooled;
  if (training && shape_.head_dropout > 0)
    drop_head(saved.head_input = saved.pooled.clone(), batch, seed);
  const at::ScalarType accumulate = saved.head_input.scalar_type();
  return at::addmm(classifier_.bias.weight.to(accumulate), saved.head_input,
                   classifier_.weight.weight.to(accumulate).t());
}

at::Tensor Stage::backward_head(const at::Tensor& logits_gradient, const PackedBatch& batch,
                                std::uint64_t seed, Saved& saved) const {
  add_gradient(classifier_.weight, at::mm(logits_gradient.t(), saved.head_input));
  add_gradient(classifier_.bias, logits_gradient.sum(0));
  at::Tensor d_pooled =
      at::mm(logits_gradient, classifier_.weight.weight.to(logits_gradient.scalar_type()));
  if (shape_.head_dropout > 0) drop_head(d_pooled, batch, seed);
  if (!shape_.has_pooler) return d_pooled;
  const at::Tensor d_pre = d_pooled.mul(saved.pooled.square().neg_().add_(1));
  add_gradient(pooler_.weight, at::mm(d_pre.t(), saved.pooled_input));
  add_gradient(pooler_.bias, d_pre.sum(0));
  return at::mm(d_pre, pooler_.weight.weight.to(d_pre.scalar_type()));
}

at::Tensor Stage::backward_pool(const at::Tensor& d_pooled, const PackedBatch& batch,
                                const Saved& saved) const {
  const std::int64_t documents = batch.size(), hidden = shape_.block.hidden;
  if (shape_.pooling == Pooling::mean) {
    const at::Tensor dx = at::empty(saved.last.sizes(), saved.last.options());
    dispatch(dx.scalar_type(), [&]<class T>() {
      mean_pool_backward(accumulator<T>(d_pooled), batch.offsets.data(), documents, hidden,
                         data<T>(dx));
    });
    return dx;
  }
  const at::Tensor dx = at::zeros(saved.last.sizes(), saved.last.options());
  for (std::int64_t n = 0; n < documents; ++n)
    dx[shape_.pooling == Pooling::cls ? batch.offsets[std::size_t(n)]
                                      : batch.offsets[std::size_t(n) + 1] - 1]
        .copy_(d_pooled[n]);
  return dx;
}

void Stage::backward_embed(at::Tensor dx, const PackedBatch& batch, const BlockOptions& options,
                           Saved& saved) const {
  const std::int64_t tokens = batch.tokens(), hidden = shape_.block.hidden;
  dispatch(dx.scalar_type(), [&]<class T>() {
    dropout(data<T>(dx), batch.places.data(), tokens, hidden,
            {options.seed, batch.step, 0, kEmbedding, options.hidden_dropout});
  });
  const at::Tensor ds =
      norm_backward(embedding_norm_, dx, saved.embedding_sum, saved.embedding_stats);
  const std::vector<std::int32_t> no_types(batch.types.empty() ? std::size_t(tokens) : 0, 0);
  const std::vector<std::int32_t>& types = batch.types.empty() ? no_types : batch.types;
  dispatch(dx.scalar_type(), [&]<class T>() {
    add_rows(data<T>(ds), batch.ids.data(), tokens, hidden, accumulator<T>(words_.gradient));
    add_rows(data<T>(ds), batch.positions.data(), tokens, hidden,
             accumulator<T>(positions_.gradient));
    add_rows(data<T>(ds), types.data(), tokens, hidden, accumulator<T>(types_.gradient));
  });
}

void Stage::backward(const at::Tensor& logits_gradient, const PackedBatch& batch,
                     std::uint64_t seed, Saved& saved) const {
  const at::Tensor d_pooled = backward_head(logits_gradient, batch, seed, saved);
  if (!trains_encoder_) return;
  const BlockOptions block_options = options(seed, true);
  at::Tensor dx = backward_pool(d_pooled, batch, saved);
  WeightWork work{{}, saved.matrix};
  for (std::size_t i = blocks_.size(); i-- > 0;) {
    dx = blocks_[i].backward_input(dx, batch, block_options, saved.blocks[i], work);
    work.run();
    saved.blocks[i] = {};
  }
  backward_embed(dx, batch, block_options, saved);
}

}  // namespace temper
