#include "loss/loss.hpp"

#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cmath>

#include "core/contract.hpp"

namespace temper {

namespace {

template <class T>
LossResult cross_entropy_of(const at::Tensor& logits, const std::vector<std::int64_t>& labels,
                            const CrossEntropyOptions& options) {
  const std::int64_t n = logits.size(0), classes = logits.size(1);
  LossResult result;
  result.gradient = at::empty_like(logits);
  const T* x = logits.const_data_ptr<T>();
  T* g = result.gradient.mutable_data_ptr<T>();
  const auto weight_of = [&](std::int64_t c) {
    return options.class_weights.empty() ? 1.0 : options.class_weights[std::size_t(c)];
  };
  double all_weights = 0;
  for (std::int64_t c = 0; c < classes; ++c) all_weights += weight_of(c);
  const double smooth = options.label_smoothing / double(classes);
  std::vector<double> log_p(static_cast<std::size_t>(classes));
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t label = labels[std::size_t(i)];
    expects(0 <= label && label < classes, "label ", label, " of ", classes, " classes");
    const T* row = x + i * classes;
    double largest = double(row[0]), sum = 0;
    for (std::int64_t c = 1; c < classes; ++c) largest = std::max(largest, double(row[c]));
    for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(double(row[c]) - largest);
    const double log_sum = largest + std::log(sum);
    const double own = (1 - options.label_smoothing) * weight_of(label);
    double loss = 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      log_p[std::size_t(c)] = double(row[c]) - log_sum;
      loss -= (smooth * weight_of(c) + (c == label ? own : 0)) * log_p[std::size_t(c)];
    }
    const double total = own + smooth * all_weights;
    for (std::int64_t c = 0; c < classes; ++c)
      g[i * classes + c] = T(total * std::exp(log_p[std::size_t(c)]) - smooth * weight_of(c) -
                             (c == label ? own : 0));
    result.sum += loss;
    result.weight += weight_of(label);
  }
  return result;
}

template <class T>
LossResult squared_error_of(const at::Tensor& prediction, const std::vector<double>& values) {
  LossResult result;
  result.gradient = at::empty_like(prediction);
  const T* x = prediction.const_data_ptr<T>();
  T* g = result.gradient.mutable_data_ptr<T>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = double(x[i]) - values[i];
    result.sum += difference * difference;
    g[i] = T(2 * difference);
  }
  result.weight = double(values.size());
  return result;
}

}  // namespace

LossResult cross_entropy(const at::Tensor& logits, const std::vector<std::int64_t>& labels,
                         const CrossEntropyOptions& options) {
  expects(
      logits.dim() == 2 && logits.size(0) == std::int64_t(labels.size()) && logits.is_contiguous(),
      "logits and labels differ in number");
  return logits.scalar_type() == at::kDouble ? cross_entropy_of<double>(logits, labels, options)
                                             : cross_entropy_of<float>(logits, labels, options);
}

LossResult mean_squared_error(const at::Tensor& prediction, const std::vector<double>& values) {
  expects(prediction.numel() == std::int64_t(values.size()) && prediction.is_contiguous(),
          "predictions and values differ in number");
  return prediction.scalar_type() == at::kDouble ? squared_error_of<double>(prediction, values)
                                                 : squared_error_of<float>(prediction, values);
}

std::vector<std::vector<double>> probabilities(const at::Tensor& logits) {
  const at::Tensor rows = logits.to(at::kDouble).contiguous();
  std::vector<std::vector<double>> all;
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    const double* x = rows.const_data_ptr<double>() + i * rows.size(1);
    const double largest = *std::max_element(x, x + rows.size(1));
    std::vector<double> p;
    double sum = 0;
    for (std::int64_t c = 0; c < rows.size(1); ++c) sum += p.emplace_back(std::exp(x[c] - largest));
    for (double& value : p) value /= sum;
    all.push_back(std::move(p));
  }
  return all;
}

}  // namespace temper
