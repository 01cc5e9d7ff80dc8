#include "analysis/word_baseline.hpp"

#include <algorithm>
#include <cmath>

#include "core/philox.hpp"

namespace temper {

namespace {

constexpr std::uint64_t kFnvOffset = 0xCBF29CE484222325u, kFnvPrime = 0x100000001B3u;
constexpr float kFirstRate = 0.3f;

std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = kFnvOffset) {
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * kFnvPrime;
  return hash;
}

}  // namespace

void word_features(std::string_view words, std::vector<std::uint32_t>& features) {
  features.clear();
  const auto add = [&](std::uint64_t hash) {
    features.push_back(std::uint32_t(hash) & (WordBaseline::kFeatures - 1));
  };
  std::string_view before;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    const std::string_view word = words.substr(at, end - at);
    add(fnv1a(word));
    if (!before.empty()) add(fnv1a(word, fnv1a(" ", fnv1a(before))));
    before = word;
    at = end + 1;
  }
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
}

void FeatureRows::add(std::string_view words, std::int32_t label) {
  word_features(words, scratch_);
  features_.insert(features_.end(), scratch_.begin(), scratch_.end());
  ends_.push_back(features_.size());
  labels_.push_back(label);
}

WordBaseline::WordBaseline(std::int64_t classes)
    : classes_(std::size_t(classes)),
      stride_((classes_ + 7) / 8 * 8),
      weights_(std::size_t(kFeatures) * stride_, 0.0f) {}

void WordBaseline::probabilities_of(const std::uint32_t* begin, const std::uint32_t* end,
                                    float* out) const {
  std::fill(out, out + stride_, 0.0f);
  for (; begin < end; ++begin) {
    const float* row = weights_.data() + std::size_t(*begin) * stride_;
    for (std::size_t c = 0; c < stride_; ++c) out[c] += row[c];
  }
  const float most = *std::max_element(out, out + classes_);
  float sum = 0;
  for (std::size_t c = 0; c < classes_; ++c) sum += out[c] = std::exp(out[c] - most);
  for (std::size_t c = 0; c < classes_; ++c) out[c] /= sum;
}

void WordBaseline::train(const FeatureRows& rows, std::uint64_t seed,
                         const std::function<void(std::int64_t)>& step) {
  const std::int64_t count = std::int64_t(rows.size()), total = kEpochs * count;
  std::vector<float> gradient(stride_, 0.0f);
  // The weights of a row lie all over memory: ask for those of a later row now.
  const auto fetch = [&](std::size_t row) {
    for (const std::uint32_t* f = rows.begin(row); f < rows.end(row); ++f)
      for (std::size_t c = 0; c < std::min<std::size_t>(stride_, 64); c += 16)
        __builtin_prefetch(weights_.data() + std::size_t(*f) * stride_ + c, 1);
  };
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const KeyedPermutation order(seed, Purpose::data_order, std::uint32_t(epoch),
                                 std::uint64_t(count));
    std::size_t next = count > 0 ? std::size_t(order(0)) : 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::size_t row = next;
      if (i + 1 < count) fetch(next = std::size_t(order(std::uint64_t(i) + 1)));
      probabilities_of(rows.begin(row), rows.end(row), gradient.data());
      gradient[std::size_t(rows.label(row))] -= 1;
      const float rate = kFirstRate * (1 - float(epoch * count + i) / float(total));
      for (float& g : gradient) g *= rate;
      for (const std::uint32_t* f = rows.begin(row); f < rows.end(row); ++f) {
        float* weights = weights_.data() + std::size_t(*f) * stride_;
        for (std::size_t c = 0; c < stride_; ++c) weights[c] -= gradient[c];
      }
      if (step && i % 4096 == 4095) step(4096);
    }
    if (step) step(count % 4096);
  }
}

std::vector<double> WordBaseline::probabilities(std::string_view words) const {
  std::vector<std::uint32_t> features;
  word_features(words, features);
  std::vector<float> out(stride_);
  probabilities_of(features.data(), features.data() + features.size(), out.data());
  return {out.begin(), out.begin() + std::ptrdiff_t(classes_)};
}

}  // namespace temper
