#include "kernels/attention/work.hpp"

#include <algorithm>

namespace temper {

namespace {

// Documents up to this length are one item for each key head. Longer ones are cut in up to
// kMostParts, each of which keeps gradients of the keys it sees.
constexpr std::int64_t kWhole = 512, kPart = 256, kMostParts = 4;

std::int64_t scores_of(const AttentionShape& shape, std::int64_t length, Extent queries) {
  std::int64_t scores = 0;
  for (std::int64_t i = queries.begin; i < queries.end; ++i)
    scores += visible_keys(shape, length, i).size();
  return scores;
}

}  // namespace

AttentionWork plan_attention(const AttentionShape& shape) {
  AttentionWork work;
  const std::int64_t kv_heads = shape.kv_heads == 0 ? shape.heads : shape.kv_heads;
  for (std::int64_t document = 0; document < shape.documents; ++document) {
    AttentionItem item;
    item.first = shape.offsets[document];
    item.length = shape.offsets[document + 1] - item.first;
    if (item.length == 0) continue;
    const std::int64_t parts =
        item.length <= kWhole ? 1 : std::min((item.length + kPart - 1) / kPart, kMostParts);
    for (item.kv_head = 0; item.kv_head < kv_heads; ++item.kv_head)
      for (std::int64_t part = 0; part < parts; ++part) {
        item.queries = even_part(item.length, parts, part);
        item.keys = visible_keys(shape, item.length, item.queries);
        item.cost = scores_of(shape, item.length, item.queries);
        if (parts > 1) {
          item.partial = work.partial_rows;
          work.partial_rows += item.keys.size();
          work.split.push_back(item);
        }
        work.items.push_back(item);
      }
  }
  std::stable_sort(work.items.begin(), work.items.end(),
                   [](const AttentionItem& a, const AttentionItem& b) { return a.cost > b.cost; });
  return work;
}

}  // namespace temper
