#include "generate/sampling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/contract.hpp"
#include "core/philox.hpp"

namespace temper {

namespace {

void penalize(std::span<float> logits, double penalty, std::span<const std::int32_t> seen) {
  if (penalty == 1) return;
  std::vector<std::int32_t> once(seen.begin(), seen.end());
  std::sort(once.begin(), once.end());
  once.erase(std::unique(once.begin(), once.end()), once.end());
  for (const std::int32_t id : once) {
    float& logit = logits[std::size_t(id)];
    logit = float(logit < 0 ? logit * penalty : logit / penalty);
  }
}

// Ids whose logit is at least the k-th largest.
std::vector<std::int32_t> top_k_ids(std::span<const float> logits, std::int64_t k) {
  std::vector<std::int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  if (k <= 0 || std::size_t(k) >= logits.size()) return ids;
  std::vector<float> sorted(logits.begin(), logits.end());
  std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
  const float smallest = sorted[std::size_t(k - 1)];
  std::erase_if(ids, [&](std::int32_t id) { return logits[std::size_t(id)] < smallest; });
  return ids;
}

std::vector<double> softmax_of(std::span<const float> logits, const std::vector<std::int32_t>& ids,
                               double temperature) {
  double largest = -HUGE_VAL, sum = 0;
  for (const std::int32_t id : ids)
    largest = std::max(largest, double(logits[std::size_t(id)]) / temperature);
  std::vector<double> p;
  for (const std::int32_t id : ids)
    sum += p.emplace_back(std::exp(double(logits[std::size_t(id)]) / temperature - largest));
  for (double& value : p) value /= sum;
  return p;
}

// Drops the least likely as long as what is dropped together stays within 1 - top_p.
void keep_top_p(Candidates& all, double top_p) {
  std::vector<std::size_t> order(all.ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return all.probabilities[a] < all.probabilities[b];
  });
  double dropped = 0;
  std::vector<bool> keep(all.ids.size(), true);
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    dropped += all.probabilities[order[i]];
    if (dropped > 1 - top_p) break;
    keep[order[i]] = false;
  }
  Candidates kept;
  for (std::size_t i = 0; i < all.ids.size(); ++i) {
    if (!keep[i]) continue;
    kept.ids.push_back(all.ids[i]);
    kept.probabilities.push_back(all.probabilities[i]);
  }
  const double sum = std::accumulate(kept.probabilities.begin(), kept.probabilities.end(), 0.0);
  for (double& value : kept.probabilities) value /= sum;
  all = std::move(kept);
}

}  // namespace

Candidates candidates(std::span<const float> logits, const Sampling& sampling) {
  expects(sampling.temperature > 0, "temperature ", sampling.temperature);
  Candidates all;
  all.ids = top_k_ids(logits, sampling.top_k);
  all.probabilities = softmax_of(logits, all.ids, sampling.temperature);
  if (sampling.top_p < 1) keep_top_p(all, sampling.top_p);
  return all;
}

std::int32_t next_token(std::span<float> logits, const Sampling& sampling,
                        std::span<const std::int32_t> seen, SamplingPlace place) {
  penalize(logits, sampling.repetition_penalty, seen);
  if (!sampling.do_sample)
    return std::int32_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
  const Candidates choice = candidates(logits, sampling);
  const auto words = philox(philox_key(sampling.seed),
                            {place.position, 0, place.document, purpose_word(Purpose::sampling)});
  double left = uniform_double(words[0], words[1]);
  for (std::size_t i = 0; i + 1 < choice.ids.size(); ++i) {
    left -= choice.probabilities[i];
    if (left < 0) return choice.ids[i];
  }
  return choice.ids.back();
}

}  // namespace temper
