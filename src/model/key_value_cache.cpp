#include "model/key_value_cache.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/contract.hpp"

namespace temper {

KeyValueCache::KeyValueCache(const ModelShape& shape, std::int64_t slots, std::int64_t capacity,
                             at::ScalarType dtype)
    : slots_(slots),
      capacity_(capacity),
      slot_elements_(capacity * shape.block.kv_heads * shape.block.head_size),
      keys_(at::empty({shape.layers * slots * slot_elements_}, at::dtype(dtype))),
      values_(at::empty({shape.layers * slots * slot_elements_}, at::dtype(dtype))),
      lengths_(std::size_t(slots), 0) {}

bool KeyValueCache::empty() const {
  return std::all_of(selected_.begin(), selected_.end(),
                     [&](std::int64_t slot) { return length(slot) == 0; });
}

void KeyValueCache::expect_room(const std::vector<std::int64_t>& offsets) const {
  expects(selected_.size() + 1 == offsets.size(), selected_.size(), " slots for ",
          offsets.size() - 1, " documents");
  for (std::size_t n = 0; n < selected_.size(); ++n)
    expects(length(selected_[n]) + offsets[n + 1] - offsets[n] <= capacity_, "slot ", selected_[n],
            " is full");
}

void KeyValueCache::advance(const std::vector<std::int64_t>& offsets) {
  for (std::size_t n = 0; n < selected_.size(); ++n)
    lengths_[std::size_t(selected_[n])] += offsets[n + 1] - offsets[n];
}

}  // namespace temper
