#include "plan/trained_tensors.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "plan/lora_plan.hpp"

namespace temper {

namespace {

bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++, resume = t;
    } else if (star != std::string_view::npos) {
      p = star + 1, t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// The output, what lies between it and the last hidden state, and the pooler.
bool is_head(const LogicalTensor& tensor, const ModelShape& shape) {
  return tensor.unit == int(shape.layers) + 1 && !tensor.role.starts_with("final_norm.") &&
         !is_adapter(tensor);
}

// "layers.0.mlp.up.weight", ".mlp.up.weight", ... : what a word may have meant.
std::vector<std::string> paths_of(const std::vector<LogicalTensor>& tensors) {
  std::vector<std::string> paths;
  for (const LogicalTensor& tensor : tensors) {
    paths.push_back(tensor.name);
    for (std::size_t dot = tensor.name.rfind('.'); dot != std::string::npos && dot > 0;
         dot = tensor.name.rfind('.', dot - 1))
      paths.push_back(tensor.name.substr(0, dot));
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

void mark_frozen(const std::vector<std::string>& patterns, std::vector<LogicalTensor>& tensors,
                 Problems& problems) {
  for (const std::string& pattern : patterns) {
    const bool exception = pattern.starts_with('!');
    const std::string path = exception ? pattern.substr(1) : pattern;
    bool named = false;
    for (LogicalTensor& tensor : tensors) {
      if (!pattern_names(path, tensor.name) && !pattern_names(path, tensor.role)) continue;
      named = true;
      tensor.trained = exception;
    }
    if (!named)
      problems.push_back({"train.freeze", "\"" + pattern + "\" names no tensor of the model", "",
                          did_you_mean(path, paths_of(tensors))});
  }
}

// Neighbours that one product computes lie in one buffer: they are trained together or not at all.
void check_products(const std::vector<LogicalTensor>& tensors, Problems& problems) {
  static const std::map<std::string, std::string> product_of{{"attn.q", "attn.q, attn.k, attn.v"},
                                                             {"attn.k", "attn.q, attn.k, attn.v"},
                                                             {"attn.v", "attn.q, attn.k, attn.v"},
                                                             {"mlp.gate", "mlp.gate, mlp.up"},
                                                             {"mlp.up", "mlp.gate, mlp.up"}};
  std::map<std::string, const LogicalTensor*> first;
  for (const LogicalTensor& tensor : tensors) {
    const std::size_t end = tensor.role.rfind('.');
    if (end == std::string::npos || is_adapter(tensor)) continue;
    const std::size_t kind = tensor.role.rfind('.', tensor.role.rfind('.', end - 1) - 1);
    const auto product = product_of.find(tensor.role.substr(kind + 1, end - kind - 1));
    if (kind == std::string::npos || product == product_of.end()) continue;
    const auto [place, fresh] = first.emplace(
        std::to_string(tensor.unit) + product->second + tensor.role.substr(end), &tensor);
    if (fresh || place->second->trained == tensor.trained) continue;
    const bool frozen = !tensor.trained;
    problems.push_back({"train.freeze",
                        (frozen ? tensor : *place->second).name + " is frozen and " +
                            (frozen ? *place->second : tensor).name + " is not",
                        "one product computes " + product->second, "Freeze all of them or none."});
    return;
  }
}

double lr_scale_of(const LogicalTensor& tensor, const ModelShape& shape, double decay) {
  return std::pow(decay, std::max<double>(0, double(shape.layers) - tensor.unit));
}

}  // namespace

bool pattern_names(const std::string& pattern, const std::string& name) {
  if (fits(pattern, name)) return true;
  for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
    if (fits(pattern, std::string_view(name).substr(0, dot))) return true;
  return false;
}

void mark_trained(const RunSpec& spec, const ModelShape& shape, std::vector<LogicalTensor>& tensors,
                  Problems& problems) {
  const std::string& type = spec.train.finetuning_type;
  const bool language = shape.head.kind == HeadKind::language;
  for (LogicalTensor& tensor : tensors) {
    const bool head = is_head(tensor, shape);
    if (type == "lora")
      tensor.trained |= tensor.role.starts_with("head.") && !language;
    else
      tensor.trained = type != "head" || head;
    tensor.lr_scale = lr_scale_of(tensor, shape, spec.train.layerwise_lr_decay);
  }
  if (type == "freeze") mark_frozen(spec.train.freeze, tensors, problems);
  if (std::none_of(tensors.begin(), tensors.end(), [](const auto& t) { return t.trained; }))
    problems.push_back({type == "freeze" ? "train.freeze" : "train.finetuning_type",
                        "\"" + type + "\" leaves nothing to train",
                        type == "head" ? "the model's output matrix is its word embedding" : "",
                        "Use another train.finetuning_type."});
  check_products(tensors, problems);
}

}  // namespace temper
