// A BERT small enough to differentiate by hand: shape, flat storage, and documents of uneven
// length.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <map>
#include <string>
#include <vector>

#include "core/philox.hpp"
#include "model/packed_batch.hpp"
#include "model/parameters.hpp"
#include "plan/model_shape.hpp"

namespace temper {

inline ModelShape tiny_shape(Pooling pooling = Pooling::mean) {
  ModelShape shape;
  shape.family = "bert";
  shape.block = {.hidden = 64, .heads = 4, .kv_heads = 4, .head_size = 16, .mlp_width = 128};
  shape.layers = 2, shape.vocab_size = 97, shape.max_positions = 40, shape.type_vocab_size = 2;
  shape.pooling = pooling;
  shape.has_pooler = pooling == Pooling::cls;
  shape.num_labels = 5;
  return shape;
}

// Smooth, reproducible numbers: normal with deviation 0.2 (norm gains around 1).
inline std::vector<double> tiny_values(const LogicalTensor& tensor, int index) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    const auto words = philox({7, 11}, {std::uint32_t(i), std::uint32_t(index), 0, 0});
    const double normal = normal_pair(words[0], words[1])[0];
    values.push_back(tensor.role.ends_with(".weight") && tensor.shape.size() == 1 ? 1 + 0.1 * normal
                                                                                  : 0.2 * normal);
  }
  return values;
}

// All tensors of the shape in one flat buffer in plan order, with gradients beside it.
struct TinyModel {
  ModelShape shape;
  std::vector<LogicalTensor> tensors;
  at::Tensor weights, gradients;
  ParameterTable table;

  TinyModel(const ModelShape& of, at::ScalarType compute, bool drawn = true)
      : TinyModel(of, logical_tensors(of), compute, drawn) {}
  TinyModel(const ModelShape& of, std::vector<LogicalTensor> all, at::ScalarType compute,
            bool drawn = true)
      : shape(of), tensors(std::move(all)) {
    std::int64_t total = 0;
    for (const LogicalTensor& t : tensors) total += (t.numel() + 63) / 64 * 64;
    weights = at::zeros({total}, at::dtype(compute));
    gradients = at::zeros({total}, at::dtype(compute == at::kDouble ? at::kDouble : at::kFloat));
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const std::int64_t n = tensors[i].numel();
      table.add(tensors[i].role,
                {weights.narrow(0, offset, n).view(tensors[i].shape),
                 tensors[i].trained ? gradients.narrow(0, offset, n).view(tensors[i].shape)
                                    : at::Tensor()});
      offset += (n + 63) / 64 * 64;
      if (drawn) set(int(i), tiny_values(tensors[i], int(i)));
    }
  }
  // The values of tensor `index`, row-major.
  void set(int index, const std::vector<double>& values) {
    const LogicalTensor& tensor = tensors[std::size_t(index)];
    table.at(tensor.role).weight.copy_(at::tensor(values).view(tensor.shape));
  }
  // The same weights with only those tensors having a gradient whose role begins with `trained`.
  ParameterTable with_gradients_of(const std::string& trained) const {
    ParameterTable part;
    for (const auto& [role, parameter] : table)
      part.add(role,
               {parameter.weight, role.starts_with(trained) ? parameter.gradient : at::Tensor()});
    return part;
  }
};

inline PackedBatch tiny_batch(const std::vector<int>& lengths = {3, 1, 17, 6},
                              std::int64_t vocabulary = 97, std::int64_t labels = 5) {
  PackedBatch batch;
  for (std::size_t n = 0; n < lengths.size(); ++n) {
    for (int p = 0; p < lengths[n]; ++p) {
      batch.ids.push_back(
          std::int32_t((31 * n + 7 * std::size_t(p) + 3) % std::size_t(vocabulary)));
      batch.positions.push_back(p);
      batch.types.push_back(p % 2);
      batch.places.push_back({std::uint32_t(n), std::uint32_t(p)});
    }
    batch.offsets.push_back(std::int64_t(batch.ids.size()));
    batch.labels.push_back(std::int64_t(n * 2 % std::size_t(labels)));
    batch.values.push_back(0.3 * double(n));
    batch.documents.push_back(std::int64_t(n));
  }
  return batch;
}

}  // namespace temper
