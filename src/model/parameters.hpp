// Where the layers find their weights and put their gradients: views into flat buffers that
// somebody else owns.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "core/contract.hpp"

namespace temper {

struct Parameter {
  at::Tensor weight;  // logical shape, compute dtype
  at::Tensor
      gradient;  // logical shape, fp32 (fp64 for fp64); layers add to it. Undefined when frozen
  bool trained() const { return gradient.defined(); }
};

class ParameterTable {
 public:
  void add(const std::string& name, Parameter parameter) { table_[name] = std::move(parameter); }
  bool has(const std::string& name) const { return table_.contains(name); }
  const Parameter& at(const std::string& name) const {
    const auto found = table_.find(name);
    expects(found != table_.end(), "no parameter named ", name);
    return found->second;
  }
  auto begin() const { return table_.begin(); }
  auto end() const { return table_.end(); }

 private:
  std::map<std::string, Parameter> table_;
};

}  // namespace temper
