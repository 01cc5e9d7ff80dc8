#include "model/layers/adapters.hpp"

#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>

#include "model/dispatch.hpp"
#include "model/layers/neighbours.hpp"

namespace temper {

namespace {

// The modules of a block in the order of their dropout keys.
constexpr std::array kModules{"attn.q",   "attn.k", "attn.v",      "attn.qkv", "attn.out",
                              "mlp.gate", "mlp.up", "mlp.gate_up", "mlp.down"};
static_assert(dropout_op::adapters + kModules.size() <= dropout_op::probabilities);

// "block.3.mlp.up": layer 4 (counted from 1) and the module's key.
std::pair<std::uint32_t, std::uint32_t> dropout_place(const std::string& role) {
  const std::size_t begin = role.find('.') + 1, end = role.find('.', begin);
  const auto found = std::find(kModules.begin(), kModules.end(), role.substr(end + 1));
  expects(found != kModules.end(), "no adapters for ", role);
  return {std::uint32_t(std::stoul(role.substr(begin, end - begin)) + 1),
          dropout_op::adapters + std::uint32_t(found - kModules.begin())};
}

// gradient += factor product
void add_product(const Parameter& to, const at::Tensor& product, double factor) {
  at::Tensor(to.gradient).add_(product, factor);
}

}  // namespace

Adapters::Adapters(const ParameterTable& table, const std::vector<std::string>& roles,
                   const std::vector<std::int64_t>& rows, double scale)
    : scale_(scale) {
  for (std::size_t i = 0; i < roles.size(); rows_ += rows[i++]) {
    if (!table.has(roles[i] + ".lora_a")) continue;
    const auto [layer, op] = dropout_place(roles[i]);
    parts_.push_back(
        {table.at(roles[i] + ".lora_a"), table.at(roles[i] + ".lora_b"), rows_, ranks_, layer, op});
    ranks_ += parts_.back().rank();
  }
}

bool Adapters::trained() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.trained(); });
}

at::Tensor Adapters::first_halves() const {
  std::vector<at::Tensor> all;
  for (const Part& part : parts_) all.push_back(part.a.weight);
  const at::Tensor joined = as_one(all);
  return joined.defined() ? joined : at::cat(all);
}

at::Tensor Adapters::second_halves() const {
  if (parts_.size() == 1 && parts_[0].b.weight.size(0) == rows_) return parts_[0].b.weight;
  const at::Tensor all = at::zeros({rows_, ranks_}, parts_[0].b.weight.options());
  for (const Part& part : parts_)
    all.narrow(0, part.row, part.b.weight.size(0))
        .narrow(1, part.column, part.rank())
        .copy_(part.b.weight);
  return all;
}

// Drawn again in backward: numbers by keys need no memory.
at::Tensor Adapters::dropped(const Part& part, const at::Tensor& x, const Pass& pass) const {
  const at::Tensor y = x.clone();
  dispatch(y.scalar_type(), [&]<class T>() {
    dropout(data<T>(y), pass.batch.places.data(), y.size(0), y.size(1),
            pass.key(part.layer, part.op, pass.lora_dropout));
  });
  return y;
}

void Adapters::add_forward(const at::Tensor& x, const Pass& pass, const at::Tensor& y, Saved& saved,
                           MatrixUse& use) const {
  if (empty()) return;
  const Metered meter(use, x.size(0), ranks_, x.size(1) + rows_);
  if (pass.lora_dropout > 0) {
    saved.low = at::empty({x.size(0), ranks_}, x.options());
    for (const Part& part : parts_)
      saved.low.narrow(1, part.column, part.rank())
          .copy_(at::mm(dropped(part, x, pass), part.a.weight.t()));
  } else {
    saved.low = at::mm(x, first_halves().t());
  }
  at::Tensor sum = y;
  at::addmm_out(sum, sum, saved.low, second_halves().t(), 1, scale_);
}

void Adapters::backward_dropped(const at::Tensor& d_low, const at::Tensor& x, const Pass& pass,
                                const at::Tensor& dx, WeightWork& work) const {
  for (const Part& part : parts_) {
    const at::Tensor mine = d_low.narrow(1, part.column, part.rank()).contiguous();
    if (dx.defined()) {
      const at::Tensor through = at::mm(mine, part.a.weight);
      dispatch(dx.scalar_type(), [&]<class T>() {
        dropout(data<T>(through), pass.batch.places.data(), through.size(0), through.size(1),
                pass.key(part.layer, part.op, pass.lora_dropout));
      });
      at::Tensor(dx).add_(through);
    }
    // The batch outlives `work`, which is run before the micro-batch ends.
    if (part.a.trained())
      work.add([this, &part, mine, x, pass](MatrixUse& use) {
        const Metered meter(use, x.size(0), part.rank(), x.size(1));
        add_product(part.a, at::mm(mine.t(), dropped(part, x, pass)), 1);
      });
  }
}

void Adapters::backward(const at::Tensor& dy, const at::Tensor& x, const Pass& pass,
                        const Saved& saved, const at::Tensor& dx, WeightWork& work) const {
  if (empty()) return;
  const at::Tensor d_low = [&] {
    const Metered meter(work.use, dy.size(0), ranks_, rows_);
    return at::mm(dy, second_halves()).mul_(scale_);
  }();
  work.add([this, dy, low = saved.low](MatrixUse& use) {
    const Metered meter(use, dy.size(0), ranks_, rows_);
    const at::Tensor product = at::mm(dy.t(), low);  // [out, ranks]
    for (const Part& part : parts_)
      if (part.b.trained())
        add_product(
            part.b,
            product.narrow(0, part.row, part.b.weight.size(0)).narrow(1, part.column, part.rank()),
            scale_);
  });
  if (pass.lora_dropout > 0) return backward_dropped(d_low, x, pass, dx, work);
  if (dx.defined()) {
    const Metered meter(work.use, dy.size(0), ranks_, x.size(1));
    at::Tensor sum = dx;
    at::addmm_out(sum, sum, d_low, first_halves());
  }
  work.add([this, d_low, x](MatrixUse& use) {
    const Metered meter(use, x.size(0), ranks_, x.size(1));
    const at::Tensor product = at::mm(d_low.t(), x);  // [ranks, in]
    for (const Part& part : parts_)
      if (part.a.trained()) add_product(part.a, product.narrow(0, part.column, part.rank()), 1);
  });
}

void merge_adapter(std::vector<float>& weight, const std::vector<float>& a,
                   const std::vector<float>& b, std::int64_t rank, double scale) {
  const auto in = std::int64_t(a.size()) / rank, out = std::int64_t(b.size()) / rank;
  expects(std::int64_t(weight.size()) == out * in, "an adapter of another shape");
  const auto view = [](const std::vector<float>& values, std::int64_t rows, std::int64_t columns) {
    return at::from_blob(const_cast<float*>(values.data()), {rows, columns}, at::kFloat);
  };
  at::Tensor sum = view(weight, out, in);
  at::addmm_out(sum, sum, view(b, out, rank), view(a, rank, in), 1, scale);
}

}  // namespace temper
