// Losses over the logits of a micro-batch: the *sum* and its weight, and the gradient of the sum.
// The step divides by the weight of all micro-batches and ranks once, so accumulation and layout
// never change what is minimised.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace temper {

struct LossResult {
  double sum = 0, weight = 0;
  at::Tensor gradient;  // of the sum, same shape and dtype as the logits
};

struct CrossEntropyOptions {
  std::vector<double> class_weights;  // empty: all 1
  double label_smoothing = 0;
};

// logits [n, classes] fp32 or fp64, labels [n] in [0, classes). torch.nn.CrossEntropyLoss: sum_i
// w[y_i] * nll_i, with smoothing e (1-e) * nll + e / classes * sum_c w[c] * -log p_c; the weight is
// sum_i w[y_i]. Throws ContractViolation for labels out of range.
LossResult cross_entropy(const at::Tensor& logits, const std::vector<std::int64_t>& labels,
                         const CrossEntropyOptions& options);

// prediction [n, 1], values [n]: sum of squared differences, weight n.
LossResult mean_squared_error(const at::Tensor& prediction, const std::vector<double>& values);

// Softmax of logits [n, classes] in fp64, row by row.
std::vector<std::vector<double>> probabilities(const at::Tensor& logits);

}  // namespace temper
