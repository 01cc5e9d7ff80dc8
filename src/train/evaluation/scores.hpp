// From what an evaluation found to its metrics. Pure.
#pragma once

#include "train/evaluation/evaluation.hpp"

namespace temper {

// By the task of the plan. Perplexity is exp of the mean loss of a predicted token; bits per byte
// divide the same sum by the bytes of the text (no metric where those are not known); F1 of
// entities is there where the classes are tags of the kind B-X, I-X, O.
std::vector<std::pair<std::string, double>> metrics_of(const JobPlan& plan,
                                                       const DocumentSource& split,
                                                       const Evaluation& evaluation);

// Softmax in fp64, and the logarithm of its denominator.
std::vector<double> softmax(const double* logits, std::int64_t count, double& log_sum);
std::int64_t largest_class(const double* logits, std::int64_t count);

}  // namespace temper
