#include "plan/metrics.hpp"

#include <algorithm>
#include <map>

namespace temper {

const std::vector<std::string>& metric_names(const std::string& task) {
  static const std::vector<std::string> classes{
      "loss",        "accuracy",        "macro_f1",     "micro_f1",
      "weighted_f1", "macro_precision", "macro_recall", "balanced_accuracy"};
  static const std::map<std::string, std::vector<std::string>> of_task{
      {"regression", {"loss", "mse", "mae", "r2", "pearson"}},
      {"causal-lm", {"loss", "perplexity", "token_accuracy", "bits_per_byte"}},
      {"masked-lm", {"loss", "perplexity", "token_accuracy"}},
      {"token-classification", [] {
         std::vector<std::string> names = classes;
         for (const char* more : {"entity_f1", "entity_precision", "entity_recall"})
           names.push_back(more);
         return names;
       }()}};
  const auto found = of_task.find(task);
  return found == of_task.end() ? classes : found->second;
}

bool less_is_better(const std::string& metric) {
  static const std::vector<std::string> less{"loss", "mse", "mae", "perplexity", "bits_per_byte"};
  const std::string name = metric.substr(metric.rfind('/') + 1);
  return std::find(less.begin(), less.end(), name) != less.end();
}

}  // namespace temper
