// One tiny model of tests/model/data/families.json: written as a directory with Hugging Face's
// names, read back as a user's model would be, in double precision.
#pragma once

#include <memory>

#include "core/file.hpp"
#include "core/json.hpp"
#include "io/safetensors.hpp"
#include "io/weight_files.hpp"
#include "plan/file_order.hpp"
#include "support/family_case.hpp"
#include "support/temporary_folder.hpp"
#include "support/tiny_model.hpp"

namespace temper {

inline std::int64_t count_of(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

inline void write_family_model(const std::filesystem::path& directory, const Json& recorded) {
  std::filesystem::create_directories(directory);
  write_file_atomically(directory / "config.json", recorded["config"].dump());
  std::vector<std::vector<double>> values;
  std::vector<TensorToWrite> tensors;
  values.reserve(recorded["gradients"].size());
  for (const auto& [name, gradient] : recorded["gradients"].items()) {
    const auto shape = gradient[0].get<std::vector<std::int64_t>>();
    auto& all = values.emplace_back();
    for (std::int64_t k = 0; k < count_of(shape); ++k)
      all.push_back(formula(name, std::uint64_t(k), 0));
    const bool gain =
        shape.size() == 1 && name.ends_with(".weight") && !recorded["plus_one"].get<bool>();
    for (double& value : values.back()) value = 0.2 * value + (gain ? 1 : 0);
    tensors.push_back({name, shape, Dtype::f64, values.back().data()});
  }
  write_safetensors(directory / "model.safetensors", tensors);
}

struct FamilyCase {
  ModelShape shape;
  WeightFiles files;
  std::unique_ptr<TinyModel> model;
  PackedBatch batch;
  std::int64_t predictions = 0;  // targets that count

  explicit FamilyCase(const Json& recorded, at::ScalarType compute = at::kDouble) {
    const TemporaryFolder folder;
    write_family_model(folder.path(), recorded);
    shape =
        value_or_throw(with_task(value_or_throw(read_model_shape(folder.path(), Json::object())),
                                 recorded["task"].get<std::string>()));
    shape.attn_dropout = shape.hidden_dropout = shape.head_dropout = 0;
    model = std::make_unique<TinyModel>(shape, compute, false);
    files = value_or_throw(find_weights(folder.path(), shape, model->tensors, false));
    for (std::size_t i = 0; i < model->tensors.size(); ++i) {
      std::vector<double> values(std::size_t(model->tensors[i].numel()));
      read_elements(files.index.at(files.names[i]), 0, model->tensors[i].numel(), values.data());
      to_layer_order(model->tensors[i], shape.block, values);
      model->set(int(i), values);
    }
    read_batch(recorded);
  }

  bool language() const { return shape.head.kind == HeadKind::language; }

 private:
  void read_batch(const Json& recorded) {
    for (std::size_t n = 0; n < recorded["documents"].size(); ++n) {
      const Json &ids = recorded["documents"][n], &targets = recorded["targets"][n];
      for (std::size_t p = 0; p < ids.size(); ++p) {
        batch.ids.push_back(ids[p]);
        batch.positions.push_back(std::int32_t(p));
        batch.places.push_back({std::uint32_t(n), std::uint32_t(p)});
        if (targets.is_array())
          batch.targets.push_back(std::max(-1, targets[p].get<std::int32_t>()));
      }
      batch.offsets.push_back(batch.tokens());
      batch.documents.push_back(std::int64_t(n));
      if (!targets.is_array()) batch.labels.push_back(targets);
    }
    for (const std::int32_t target : batch.targets) predictions += target >= 0;
    predictions += std::int64_t(batch.labels.size());
  }
};

}  // namespace temper
