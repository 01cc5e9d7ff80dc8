#include "model/load_weights.hpp"

#include "io/adapter_files.hpp"
#include "io/weight_files.hpp"
#include "model/initial_values.hpp"
#include "plan/file_order.hpp"

namespace temper {

namespace fs = std::filesystem;

void load_weights(const fs::path& directory, const ModelShape& shape,
                  const std::vector<LogicalTensor>& tensors, const LoadOptions& options,
                  const WeightSink& sink) {
  const WeightFiles files = value_or_throw(find_weights(directory, shape, tensors, options.random));
  AdapterFiles adapter;
  if (const std::string& from = options.lora.adapter_name_or_path; !from.empty())
    adapter = value_or_throw(find_adapter(from, shape, tensors, options.lora));
  adapter.names.resize(tensors.size());
  std::vector<float> values;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::string &base = files.names[i], &own = adapter.names[i];
    if (base.empty() && own.empty()) {
      values = initial_values(shape, tensors[i], options.lora.init_lora_weights, options.seed);
    } else {
      const TensorEntry& entry = own.empty() ? files.index.at(base) : adapter.index.at(own);
      values.resize(std::size_t(tensors[i].numel()));
      read_elements(entry, 0, tensors[i].numel(), values.data());
      to_layer_order(tensors[i], shape.block, values);
    }
    sink(int(i), values);
  }
}

}  // namespace temper
