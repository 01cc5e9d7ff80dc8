// Under which names the files of a model directory hold the tensors of a model: checked by names,
// shapes and dtypes before a job starts, without reading a weight.
//
//   const WeightFiles files = value_or_throw(find_weights(directory, shape, tensors, false));
//   read_elements(files.index.at(files.names[0]), 0, tensors[0].numel(), values.data());
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/safetensors.hpp"
#include "plan/model_shape.hpp"

namespace temper {

struct WeightFiles {
  TensorIndex index;
  std::vector<std::string> names;  // of each tensor; "" where it is drawn by the seed
};

// Names with or without the family's prefix, gamma and beta of old files. A head that is not the
// directory's own is drawn, adapters are, with `random` everything. Problems: those of the files'
// headers, else *all* tensors that are missing, mis-shaped or of a dtype that holds no weights.
Checked<WeightFiles> find_weights(const std::filesystem::path& directory, const ModelShape& shape,
                                  const std::vector<LogicalTensor>& tensors, bool random);

// A head that config.json ties to the word embedding and that the files hold all the same must
// hold the same values: else nobody knows which is meant. Reads both, where both are there.
Problems check_tied_head(const std::filesystem::path& model, const ModelShape& shape);

}  // namespace temper
