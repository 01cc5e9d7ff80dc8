// The work of attention, cut into items that threads take one after another: some queries of one
// document, for the query heads that share one key head. Cuts follow from lengths alone, so the
// number of threads changes no bit.
//
//   const AttentionWork work = plan_attention(shape);   // 1,000 causal tokens, 3 key heads: 12
//   items
#pragma once

#include <cstdint>
#include <vector>

#include "core/extent.hpp"
#include "kernels/attention.hpp"

namespace temper {

// The keys of its document that a query sees.
inline Extent visible_keys(const AttentionShape& shape, std::int64_t length, std::int64_t query) {
  const std::int64_t w = shape.window;
  if (shape.causal) return {w > 0 ? std::max<std::int64_t>(0, query - w + 1) : 0, query + 1};
  if (w <= 0) return {0, length};
  return {std::max<std::int64_t>(0, query - w), std::min(length, query + w + 1)};
}
// The keys that any of some queries sees.
inline Extent visible_keys(const AttentionShape& shape, std::int64_t length, Extent queries) {
  return {visible_keys(shape, length, queries.begin).begin,
          visible_keys(shape, length, queries.end - 1).end};
}

struct AttentionItem {
  std::int64_t first = 0, length = 0;  // of the document, in tokens
  std::int64_t kv_head = 0;
  Extent queries, keys;       // within the document
  std::int64_t partial = -1;  // first row of its own key gradients; -1: no other item has its keys
  std::int64_t cost = 0;      // scores
};

struct AttentionWork {
  std::vector<AttentionItem> items;  // the most costly first
  // Items of documents cut into several, by document, key head and queries: their key gradients
  // are added in this order.
  std::vector<AttentionItem> split;
  std::int64_t partial_rows = 0;
};

AttentionWork plan_attention(const AttentionShape& shape);

}  // namespace temper
