// Tiny models of every family with what Transformers computes with them: cases of
// tests/model/data/families.json, whose format and formulas tests/oracles/family_models.py
// describes.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "model/packed_batch.hpp"
#include "model/parameters.hpp"
#include "plan/families.hpp"
#include "plan/file_order.hpp"

namespace temper {

// Between -1 and 1, of element k of what is called `name`.
inline double formula(const std::string& name, std::uint64_t k, std::uint32_t salt) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : name) hash = (hash ^ std::uint8_t(c)) * 16777619u;
  std::uint32_t x = std::uint32_t(k) * 0x9E3779B1u + hash + salt * 0x85EBCA6Bu;
  x ^= x >> 16;
  x *= 0x85EBCA6Bu;
  x ^= x >> 13;
  x *= 0xC2B2AE35u;
  x ^= x >> 16;
  return double(x) / 2147483648.0 - 1;
}

// A case's model: every tensor in one flat buffer in plan order, with gradients beside it, set by
// the formula.
struct FamilyModel {
  Json recorded;
  ModelShape shape;
  std::vector<LogicalTensor> tensors;
  at::Tensor weights, gradients;
  ParameterTable table;

  FamilyModel(const Json& of, at::ScalarType compute)
      : recorded(of),
        shape(value_or_throw(model_shape_of_config(of["config"], "config.json"))),
        tensors(logical_tensors(shape)) {
    const auto room = [](const LogicalTensor& t) { return (t.numel() + 63) / 64 * 64; };
    std::int64_t total = 0;
    for (const LogicalTensor& tensor : tensors) total += room(tensor);
    weights = at::zeros({total}, at::dtype(compute));
    gradients = at::zeros({total}, at::dtype(compute == at::kDouble ? at::kDouble : at::kFloat));
    std::int64_t offset = 0;
    for (const LogicalTensor& tensor : tensors) {
      const auto view = [&](const at::Tensor& flat) {
        return flat.narrow(0, offset, tensor.numel()).view(tensor.shape);
      };
      std::vector<double> values = this->values(tensor);
      view(weights).copy_(at::from_blob(values.data(), tensor.shape, at::dtype(at::kDouble)));
      table.add(tensor.role, {view(weights), view(gradients)});
      offset += room(tensor);
    }
  }

  std::string file_name(const LogicalTensor& tensor) const {
    return file_names(*find_family(shape.family), tensor).front();
  }
  std::vector<double> values(const LogicalTensor& tensor) const {
    const std::string name = file_name(tensor);
    const bool gain = tensor.shape.size() == 1 && name.ends_with(".weight");
    const double mean = gain && !recorded["plus_one"].get<bool>() ? 1 : 0;
    std::vector<double> values(std::size_t(tensor.numel()));
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = mean + 0.2 * formula(name, k, 0);
    to_layer_order(tensor, shape.block, values);
    return values;
  }
  // Norm and the two dot products of a gradient divided by `count`.
  std::vector<double> summary(const LogicalTensor& tensor, double count) const {
    const at::Tensor wide = table.at(tensor.role).gradient.to(at::kDouble).contiguous();
    std::vector<double> values(wide.const_data_ptr<double>(),
                               wide.const_data_ptr<double>() + wide.numel());
    to_file_order(tensor, shape.block, values);
    const std::string name = file_name(tensor);
    double square = 0, first = 0, second = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      square += values[k] * values[k];
      first += values[k] * formula(name, k, 1);
      second += values[k] * formula(name, k, 2);
    }
    return {std::sqrt(square) / count, first / count, second / count};
  }

  // All documents end to end.
  PackedBatch batch() const {
    PackedBatch batch;
    const bool classes = shape.head.kind == HeadKind::sequence;
    for (std::size_t n = 0; n < recorded["documents"].size(); ++n) {
      const auto ids = recorded["documents"][n].get<std::vector<std::int32_t>>();
      for (std::size_t p = 0; p < ids.size(); ++p) {
        batch.ids.push_back(ids[p]);
        batch.positions.push_back(std::int32_t(p));
        batch.places.push_back({std::uint32_t(n), std::uint32_t(p)});
        if (classes) continue;
        const int target = recorded["targets"][n][p].get<int>();
        batch.targets.push_back(target < 0 ? -1 : target);
      }
      batch.offsets.push_back(std::int64_t(batch.ids.size()));
      batch.documents.push_back(std::int64_t(n));
      if (classes) batch.labels.push_back(recorded["targets"][n].get<std::int64_t>());
    }
    return batch;
  }
};

}  // namespace temper
