#include "model/stage.hpp"

#include <ATen/ops/empty.h>

#include "kernels/embedding.hpp"
#include "model/dispatch.hpp"

namespace temper {

Stage::Stage(const ModelShape& shape, const ParameterTable& table, const StageOptions& options)
    : shape_(shape),
      options_(options),
      words_(table.at("embed.words.weight")),
      positions_(table.find("embed.positions.weight")),
      types_(table.find("embed.types.weight")),
      embedding_norm_(table, "embed.norm", shape.block.norm, shape.block.norm_eps),
      final_norm_(table, "final_norm", shape.block.norm, shape.block.norm_eps) {
  for (std::int64_t layer = 0; layer < shape.layers; ++layer)
    blocks_.emplace_back(shape, table, layer, options.lora_scale);
  expects(positions_.weight.defined() == (shape.positions == PositionKind::learned) &&
              embedding_norm_.exists() == shape.embedding_norm &&
              final_norm_.exists() == shape.final_norm,
          "parameters are not those of the model's shape");
  if (words_.trained() || positions_.trained() || types_.trained() || embedding_norm_.trained())
    return;
  while (lowest_ < blocks_.size() && !blocks_[lowest_].trained()) ++lowest_;
  lowest_ += lowest_ == blocks_.size() && !final_norm_.trained() ? 2 : 1;
}

Pass Stage::pass(const PackedBatch& batch, std::uint64_t seed, bool training, const Saved& saved,
                 const KeyValueCache* cache) const {
  return {.batch = batch,
          .rotary = saved.rotary,
          .seed = seed,
          .attn_dropout = training ? shape_.attn_dropout : 0,
          .hidden_dropout = training ? shape_.hidden_dropout : 0,
          .lora_dropout = training ? options_.lora_dropout : 0,
          .cache = cache};
}

at::Tensor Stage::embed(const Pass& pass, Saved& saved) const {
  const PackedBatch& batch = pass.batch;
  const std::int64_t tokens = batch.tokens(), hidden = shape_.block.hidden;
  at::Tensor x = at::empty({tokens, hidden}, words_.weight.options());
  dispatch(x.scalar_type(), [&]<class T>() {
    embedding_forward(data<T>(words_.weight), shape_.embedding_scale, data<T>(positions_.weight),
                      shape_.position_offset, data<T>(types_.weight), batch.ids.data(),
                      batch.positions.data(), batch.types.empty() ? nullptr : batch.types.data(),
                      tokens, hidden, data<T>(x));
  });
  if (embedding_norm_.exists()) x = norm_forward(embedding_norm_, x, {}, saved.embedding_norm);
  if (shape_.embedding_dropout)
    dispatch(x.scalar_type(), [&]<class T>() {
      dropout(data<T>(x), batch.places.data(), tokens, hidden,
              pass.key(0, dropout_op::embedding, pass.hidden_dropout));
    });
  return x;
}

bool Stage::recomputes(std::size_t block) const {
  return options_.recompute == Recompute::blocks && std::int64_t(block) % options_.every == 0;
}

Stream Stage::forward_block(std::size_t i, const Stream& in, const Pass& pass, Saved& saved) const {
  Block::Saved kept;
  Stream out = blocks_[i].forward(in, pass, kept, saved.matrix);
  if (i >= saved.blocks.size() || 1 + i < lowest_) return out;  // no backward comes here
  if (recomputes(i))
    Block::keep_input(kept);
  else if (options_.recompute == Recompute::selective)
    blocks_[i].keep_products(kept);
  saved.blocks[i] = std::move(kept);
  return out;
}

at::Tensor Stage::forward(const PackedBatch& batch, std::uint64_t seed, bool training, Saved& saved,
                          KeyValueCache* cache) const {
  expects(cache == nullptr || shape_.block.mask == MaskKind::causal,
          "only what looks back alone can be cached");
  if (cache != nullptr) cache->expect_room(batch.offsets);
  for (const Rope& rope : shape_.ropes)
    saved.rotary.push_back(
        rotary_table(rope, shape_, batch, accumulate_type(words_.weight.scalar_type())));
  const Pass all = pass(batch, seed, training, saved, cache);
  saved.blocks.resize(training ? blocks_.size() : 0);
  Stream stream{embed(all, saved), {}};
  for (std::size_t i = 0; i < blocks_.size(); ++i) stream = forward_block(i, stream, all, saved);
  if (cache != nullptr) cache->advance(batch.offsets);
  if (final_norm_.exists())
    return norm_forward(final_norm_, stream.x, stream.residual, saved.final_norm);
  return stream.residual.defined() ? stream.x.add_(stream.residual) : stream.x;
}

void Stage::backward_embed(at::Tensor dx, const Pass& pass, const Saved& saved) const {
  const PackedBatch& batch = pass.batch;
  const std::int64_t tokens = batch.tokens(), hidden = shape_.block.hidden;
  if (shape_.embedding_dropout)
    dispatch(dx.scalar_type(), [&]<class T>() {
      dropout(data<T>(dx), batch.places.data(), tokens, hidden,
              pass.key(0, dropout_op::embedding, pass.hidden_dropout));
    });
  if (embedding_norm_.exists()) dx = norm_backward(embedding_norm_, dx, saved.embedding_norm, {});
  const auto add = [&](const Parameter& table, double scale, const std::int32_t* rows) {
    if (!table.trained()) return;
    dispatch(dx.scalar_type(), [&]<class T>() {
      add_rows(data<T>(dx), scale, rows, tokens, hidden, accumulator<T>(table.gradient));
    });
  };
  add(words_, shape_.embedding_scale, batch.ids.data());
  std::vector<std::int32_t> places = batch.positions;
  for (std::int32_t& place : places) place += std::int32_t(shape_.position_offset);
  add(positions_, 1, places.data());
  const std::vector<std::int32_t> no_types(batch.types.empty() ? std::size_t(tokens) : 0, 0);
  add(types_, 1, batch.types.empty() ? no_types.data() : batch.types.data());
}

void Stage::backward(const at::Tensor& d_hidden, const PackedBatch& batch, std::uint64_t seed,
                     Saved& saved) const {
  if (lowest_ > 1 + blocks_.size()) return;
  const Pass all = pass(batch, seed, true, saved);
  at::Tensor dx = d_hidden;
  if (final_norm_.exists()) dx = norm_backward(final_norm_, dx, saved.final_norm, {});
  WeightWork work{{}, saved.matrix};
  for (std::size_t i = blocks_.size(); i-- > 0 && 1 + i >= lowest_;) {
    dx = blocks_[i].backward(dx, all, saved.blocks[i], work, 1 + i > lowest_);
    work.run();
    saved.blocks[i] = {};
  }
  if (lowest_ == 0) backward_embed(dx, all, saved);
}

}  // namespace temper
