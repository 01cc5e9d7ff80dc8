// What a classifier has to beat: the largest class, and a logistic regression on words and pairs
// of neighbouring words.
//
//   WordBaseline model(24);
//   model.train(rows, 7);                                  // rows: words and class of each
//   const std::vector<double> p = model.probabilities("a feline mammal");
//
// Features are binary: FNV-1a 64 of each word and each "word word", cut to 18 bits. Softmax
// regression by stochastic gradient descent, one row at a time, from zero: 4 epochs, the rate falls
// linearly from 0.3 to 0, rows in an order keyed by seed and epoch.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace temper {

// Distinct features in ascending order. `words`: lower-case, single spaces between.
void word_features(std::string_view words, std::vector<std::uint32_t>& features);

// Training rows, kept as features.
class FeatureRows {
 public:
  void add(std::string_view words, std::int32_t label);
  std::size_t size() const { return labels_.size(); }
  std::int32_t label(std::size_t row) const { return labels_[row]; }
  const std::uint32_t* begin(std::size_t row) const { return features_.data() + ends_[row]; }
  const std::uint32_t* end(std::size_t row) const { return features_.data() + ends_[row + 1]; }

 private:
  std::vector<std::uint32_t> features_, scratch_;
  std::vector<std::size_t> ends_{0};
  std::vector<std::int32_t> labels_;
};

class WordBaseline {
 public:
  static constexpr std::uint32_t kFeatures = 1u << 18;
  static constexpr int kEpochs = 4;

  explicit WordBaseline(std::int64_t classes);
  // `step(n)` is told of n more rows seen, of kEpochs * rows.size().
  void train(const FeatureRows& rows, std::uint64_t seed,
             const std::function<void(std::int64_t)>& step = {});
  std::vector<double> probabilities(std::string_view words) const;
  // [features, stride]: to send to other ranks.
  std::vector<float>& weights() { return weights_; }

 private:
  void probabilities_of(const std::uint32_t* begin, const std::uint32_t* end, float* out) const;
  std::size_t classes_, stride_;
  std::vector<float> weights_;
};

}  // namespace temper
