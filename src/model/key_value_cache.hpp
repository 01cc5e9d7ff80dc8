// Keys and values of the tokens that sequences hold so far, for every layer: what makes one step of
// generation cost one token instead of all.
//
//   KeyValueCache cache(shape, /*slots=*/16, /*capacity=*/512, at::kBFloat16);
//   cache.select({0, 1});                                  // the documents of the next batch
//   stage.forward(prompts, 0, false, saved, &cache);       // fills them
//   stage.forward(one_token_each, 0, false, saved, &cache);
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "kernels/decode_attention.hpp"
#include "plan/model_shape.hpp"

namespace temper {

class KeyValueCache {
 public:
  // Local. 2 * layers * slots * capacity * kv_heads * head_size elements.
  KeyValueCache(const ModelShape& shape, std::int64_t slots, std::int64_t capacity,
                at::ScalarType dtype);

  // Which slot each document of the next batches continues.
  void select(std::vector<std::int64_t> slots) { selected_ = std::move(slots); }
  const std::vector<std::int64_t>& selected() const { return selected_; }
  std::int64_t length(std::int64_t slot) const { return lengths_[std::size_t(slot)]; }
  std::int64_t capacity() const { return capacity_; }
  void clear(std::int64_t slot) { lengths_[std::size_t(slot)] = 0; }
  // Whether none of the selected slots holds a token.
  bool empty() const;
  // Before the layers: whether there is room. Throws ContractViolation.
  void expect_room(const std::vector<std::int64_t>& offsets) const;
  // After all layers: each selected slot holds its document's tokens too.
  void advance(const std::vector<std::int64_t>& offsets);

  // The selected sequences of a layer as kernels see them.
  template <class T>
  std::vector<DecodeSequence<T>> sequences(std::int64_t layer,
                                           const std::vector<std::int64_t>& offsets) const {
    std::vector<DecodeSequence<T>> all;
    for (std::size_t n = 0; n < selected_.size(); ++n) {
      const std::int64_t at = (layer * slots_ + selected_[n]) * slot_elements_;
      all.push_back({static_cast<T*>(keys_.data_ptr()) + at,
                     static_cast<T*>(values_.data_ptr()) + at, length(selected_[n]),
                     offsets[n + 1] - offsets[n]});
    }
    return all;
  }

 private:
  std::int64_t slots_, capacity_, slot_elements_;
  at::Tensor keys_, values_;  // [layers, slots, capacity, kv_heads, head_size]
  std::vector<std::int64_t> lengths_, selected_;
};

}  // namespace temper
