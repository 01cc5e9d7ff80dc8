#include "sharding/batch_plan.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

#include "core/contract.hpp"

namespace temper {

StepSlice slice_of_step(const BatchPlan& plan, std::int64_t step) {
  expects(plan.steps_per_epoch > 0, "a batch plan without documents");
  const std::int64_t epoch = step / plan.steps_per_epoch, within = step % plan.steps_per_epoch;
  const std::int64_t begin = within * plan.global_batch;
  return {epoch, {begin, std::min(plan.documents, begin + plan.global_batch)}};
}

std::vector<int> deal_by_length(const std::vector<std::int64_t>& lengths, int dp) {
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  // (tokens, rank): the least is next.
  using Load = std::pair<std::int64_t, int>;
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
  for (int rank = 0; rank < dp; ++rank) loads.push({0, rank});
  std::vector<int> rank_of(lengths.size());
  for (const std::size_t document : order) {
    const auto [tokens, rank] = loads.top();
    loads.pop();
    rank_of[document] = rank;
    loads.push({tokens + std::max<std::int64_t>(1, lengths[document]), rank});
  }
  return rank_of;
}

std::vector<Extent> cut_by_tokens(const std::vector<std::int64_t>& lengths, std::int64_t budget) {
  std::vector<Extent> cut;
  std::int64_t tokens = 0;
  for (std::int64_t i = 0; i < std::int64_t(lengths.size()); ++i) {
    const std::int64_t length = lengths[std::size_t(i)];
    if (cut.empty() || tokens + length > budget) {
      cut.push_back({i, i});
      tokens = 0;
    }
    cut.back().end = i + 1;
    tokens += length;
  }
  return cut;
}

}  // namespace temper
