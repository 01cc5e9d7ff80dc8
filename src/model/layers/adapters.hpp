// Low-rank adapters (Hu et al. 2021, 2106.09685) of the linears that one product computes:
// y[:, rows of a module] += scale B (A dropout(x)), for each module that has one.
//
// The first halves of all modules are one product where nothing is dropped; the second halves are
// one product with B of all modules on the diagonal of a matrix of zeros: y stays whole.
#pragma once

#include <string>
#include <vector>

#include "model/layers/pass.hpp"
#include "model/linear.hpp"

namespace temper {

class Adapters {
 public:
  struct Saved {
    at::Tensor low;  // [tokens, ranks] A dropout(x) of all modules
  };

  Adapters() = default;
  // Module i makes rows[i] columns of y. Those without "<role>.lora_a" in the table have none.
  Adapters(const ParameterTable& table, const std::vector<std::string>& roles,
           const std::vector<std::int64_t>& rows, double scale);

  bool empty() const { return parts_.empty(); }
  bool trained() const;
  void add_forward(const at::Tensor& x, const Pass& pass, const at::Tensor& y, Saved& saved,
                   MatrixUse& use) const;
  // Adds to dx where it is defined; the gradients of A and B are left to `work`.
  void backward(const at::Tensor& dy, const at::Tensor& x, const Pass& pass, const Saved& saved,
                const at::Tensor& dx, WeightWork& work) const;

 private:
  struct Part {
    Parameter a, b;
    std::int64_t row, column;  // where its B stands among those of all modules
    std::uint32_t layer, op;   // keys of its dropout
    std::int64_t rank() const { return a.weight.size(0); }
    bool trained() const { return a.trained() || b.trained(); }
  };
  at::Tensor first_halves() const;   // [ranks, in]
  at::Tensor second_halves() const;  // [out, ranks]
  at::Tensor dropped(const Part& part, const at::Tensor& x, const Pass& pass) const;
  void backward_dropped(const at::Tensor& d_low, const at::Tensor& x, const Pass& pass,
                        const at::Tensor& dx, WeightWork& work) const;

  std::vector<Part> parts_;
  std::int64_t rows_ = 0, ranks_ = 0;
  double scale_ = 1;
};

// W += scale B A in fp32. weight [out, in], a [r, in], b [out, r], row-major.
void merge_adapter(std::vector<float>& weight, const std::vector<float>& a,
                   const std::vector<float>& b, std::int64_t rank, double scale);

}  // namespace temper
