// The norms of a model: LayerNorm with or without bias, RMSNorm with the gain w or 1 + w. The
// residual addition is part of the pass.
//
//   const Norm norm(table, "block.0.norm1", shape.block);
//   NormSaved saved;
//   const at::Tensor y = norm_forward(norm, x, residual, saved);
//   const at::Tensor ds = norm_backward(norm, dy, saved, /*add=*/{});
#pragma once

#include <string>

#include "model/parameters.hpp"
#include "plan/model_shape.hpp"

namespace temper {

struct Norm {
  Parameter weight, bias;  // bias: undefined where there is none
  NormKind kind = NormKind::layer_norm;
  double eps = 1e-12;

  Norm() = default;
  Norm(const ParameterTable& table, const std::string& role, NormKind of_kind, double epsilon)
      : weight(table.find(role + ".weight")),
        bias(table.find(role + ".bias")),
        kind(of_kind),
        eps(epsilon) {}
  bool exists() const { return weight.weight.defined(); }
  bool trained() const { return weight.trained() || bias.trained(); }
};

struct NormSaved {
  at::Tensor sum;    // [rows, width] what was normed
  at::Tensor stats;  // of each row, in the accumulation type
};

// norm(x + residual); residual may be undefined. The storage of x receives the sum.
at::Tensor norm_forward(const Norm& norm, const at::Tensor& x, const at::Tensor& residual,
                        NormSaved& saved);
// The same result again from the sum.
at::Tensor norm_again(const Norm& norm, const NormSaved& saved);
// The gradient of the sum, plus `add` (which may be undefined).
at::Tensor norm_backward(const Norm& norm, const at::Tensor& dy, const NormSaved& saved,
                         const at::Tensor& add);

}  // namespace temper
