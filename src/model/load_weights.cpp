#include "model/load_weights.hpp"

#include "core/digest.hpp"
#include "core/file.hpp"
#include "core/outcome.hpp"
#include "core/philox.hpp"
#include "io/safetensors.hpp"
#include "io/weight_files.hpp"
#include "plan/families.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

std::vector<float> drawn(const LogicalTensor& tensor, double deviation, std::uint64_t seed) {
  std::vector<float> values(std::size_t(tensor.numel()), 0.0f);
  if (tensor.name.ends_with("LayerNorm.weight")) return std::vector<float>(values.size(), 1.0f);
  if (tensor.name.ends_with(".bias")) return values;
  const std::uint32_t id = crc32c(tensor.name.data(), tensor.name.size());
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const auto words = philox(philox_key(seed), {std::uint32_t(i), std::uint32_t(i >> 32), id,
                                                 purpose_word(Purpose::initial_value)});
    const auto pair = normal_pair(words[0], words[1]);
    values[i] = float(deviation * pair[0]);
    if (i + 1 < values.size()) values[i + 1] = float(deviation * pair[1]);
  }
  return values;
}

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
                  const std::vector<LogicalTensor>& tensors, std::uint64_t seed, bool random,
                  const WeightSink& sink) {
  const WeightFiles files = value_or_throw(find_weights(directory, shape, tensors, random));
  std::vector<float> values;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (files.names[i].empty()) {
      values = drawn(tensors[i], shape.initializer_range, seed);
    } else {
      values.resize(std::size_t(tensors[i].numel()));
      read_elements(files.index.at(files.names[i]), 0, tensors[i].numel(), values.data());
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
