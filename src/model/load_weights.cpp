#include "model/load_weights.hpp"

#include "core/file.hpp"
#include "core/outcome.hpp"
#include "io/adapter_files.hpp"
#include "io/safetensors.hpp"
#include "io/weight_files.hpp"
#include "model/initial_values.hpp"
#include "plan/families.hpp"
#include "plan/file_order.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

// config.json of the source with labels and architecture of the fine-tuned model.
Json exported_config(const fs::path& source, const ModelShape& shape,
                     const std::vector<std::string>& label_names, bool regression) {
  Json config = value_or_throw(read_json_file(source / "config.json"));
  config["architectures"] = {"BertForSequenceClassification"};
  Json id2label = Json::object(), label2id = Json::object();
  for (std::int64_t i = 0; i < shape.num_labels; ++i) {
    const std::string name = std::size_t(i) < label_names.size() ? label_names[std::size_t(i)]
                                                                 : "LABEL_" + std::to_string(i);
    id2label[std::to_string(i)] = name;
    label2id[name] = i;
  }
  config["id2label"] = id2label;
  config["label2id"] = label2id;
  config["num_labels"] = shape.num_labels;
  config["problem_type"] = regression ? "regression" : "single_label_classification";
  // Transformers 5 reads the newer key first: one left over would round what we store.
  config["torch_dtype"] = config["dtype"] = "float32";
  config["temper_pooling"] = shape.pooling == Pooling::mean  ? "mean"
                             : shape.pooling == Pooling::cls ? "cls"
                                                             : "last";
  return config;
}

// Where sentence-transformers looks for the pooling; [CLS] with a pooler is BERT's own.
void write_pooling(const fs::path& directory, const ModelShape& shape) {
  if (shape.pooling == Pooling::cls) return;
  const Json pooling = {{"word_embedding_dimension", shape.block.hidden},
                        {"pooling_mode_cls_token", false},
                        {"pooling_mode_mean_tokens", shape.pooling == Pooling::mean},
                        {"pooling_mode_lasttoken", shape.pooling == Pooling::last}};
  write_file_atomically(directory / "1_Pooling" / "config.json", pooling.dump(2) + "\n");
}

void write_weights(const fs::path& directory, const ModelShape& shape,
                   const std::vector<ExportedTensor>& tensors) {
  const std::string& prefix = find_family(shape.family)->prefix;
  std::vector<TensorToWrite> files;
  for (const ExportedTensor& tensor : tensors)
    files.push_back({tensor.name.starts_with("classifier.") ? tensor.name : prefix + tensor.name,
                     tensor.shape, Dtype::f32, tensor.values.data()});
  write_safetensors(directory / "model.safetensors", files);
}

}  // namespace

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

void export_model(const fs::path& source, const fs::path& target, const ModelShape& shape,
                  const std::vector<std::string>& label_names, bool regression,
                  const std::vector<ExportedTensor>& tensors) {
  const fs::path temporary = temporary_beside(target);
  fs::remove_all(temporary);
  try {
    fs::create_directories(temporary);
    const Json config = exported_config(source, shape, label_names, regression);
    write_file_atomically(temporary / "config.json", config.dump(2) + "\n");
    write_pooling(temporary, shape);
    write_weights(temporary, shape, tensors);
    for (const char* name :
         {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"})
      if (fs::exists(source / name)) fs::copy_file(source / name, temporary / name);
    fs::remove_all(target);
    fs::rename(temporary, target);
  } catch (const fs::filesystem_error& error) {
    fs::remove_all(temporary);
    throw io_failure("cannot write", target.string(), error.code().value());
  } catch (...) {
    fs::remove_all(temporary);
    throw;
  }
}

}  // namespace temper
