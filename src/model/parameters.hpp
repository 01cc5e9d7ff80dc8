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

// Parameters by role: LogicalTensor::role of plan/model_shape.hpp.
class ParameterTable {
 public:
  void add(const std::string& role, Parameter parameter) { table_[role] = std::move(parameter); }
  bool has(const std::string& role) const { return table_.contains(role); }
  const Parameter& at(const std::string& role) const {
    const auto found = table_.find(role);
    expects(found != table_.end(), "no parameter with the role ", role);
    return found->second;
  }
  // An undefined one where there is none.
  Parameter find(const std::string& role) const {
    const auto found = table_.find(role);
    return found == table_.end() ? Parameter{} : found->second;
  }
  auto begin() const { return table_.begin(); }
  auto end() const { return table_.end(); }

 private:
  std::map<std::string, Parameter> table_;
};

}  // namespace temper
