#include "plan/families.hpp"

#include "core/contract.hpp"
#include "plan/families/tables.hpp"

namespace temper {

namespace {

const std::vector<Family>& families() {
  static const std::vector<Family> all = [] {
    std::vector<Family> joined;
    for (const auto& group :
         {llama_families(), gemma_families(), phi_families(), starcoder_families(), gpt_families(),
          bert_families(), modernbert_families()})
      joined.insert(joined.end(), group.begin(), group.end());
    return joined;
  }();
  return all;
}

bool is_head(const LogicalTensor& tensor) { return tensor.role.starts_with("head."); }

std::string output_name(const HeadRule& rule) {
  for (const TensorName& entry : rule.names)
    if (entry.role == "head.out.weight") return entry.name;
  for (const TensorName& entry : rule.names)
    if (entry.role == "head.out") return entry.name + ".weight";
  return "";
}

}  // namespace

const Family* find_family(const std::string& model_type) {
  for (const Family& family : families())
    if (family.model_type == model_type) return &family;
  return nullptr;
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Family& family : families()) names.push_back(family.model_type);
  return names;
}

const HeadRule& head_rule(const ModelShape& shape) {
  const Family* family = find_family(shape.family);
  expects(family != nullptr, "no family named ", shape.family);
  for (const HeadRule& rule : family->heads)
    if (rule.shape.kind == shape.head.kind) return rule;
  expects(false, shape.family, " has no head of this kind");
  return family->heads.front();
}

std::vector<std::string> file_names(const Family& family, const LogicalTensor& tensor) {
  std::vector<std::string> bare{tensor.name}, names;
  // Files of 2018 call a norm's gain gamma and its bias beta.
  for (const auto& [now, then] : {std::pair<std::string, std::string>{"LayerNorm.weight", "gamma"},
                                  std::pair<std::string, std::string>{"LayerNorm.bias", "beta"}})
    if (tensor.name.ends_with(now))
      bare.push_back(tensor.name.substr(0, tensor.name.rfind('.') + 1) + then);
  for (const std::string& name : bare) {
    if (!is_head(tensor)) {
      names.push_back(family.prefix + name);
      for (const std::string& prefix : family.other_prefixes) names.push_back(prefix + name);
    }
    names.push_back(name);
  }
  // A shared matrix may be kept under the name of the output only (XLM-R of Transformers 5).
  if (tensor.role == "embed.words.weight")
    for (const HeadRule& rule : family.heads)
      if (rule.shape.kind == HeadKind::language) names.push_back(output_name(rule));
  return names;
}

bool is_buffer(const Family& family, const std::string& name) {
  for (const std::string& end : family.buffers)
    if (name == end || name.ends_with("." + end)) return true;
  return false;
}

}  // namespace temper
