#include "model/export.hpp"

#include <algorithm>
#include <map>

#include "core/contract.hpp"
#include "core/file.hpp"
#include "io/export/model_directory.hpp"
#include "plan/families.hpp"
#include "plan/file_order.hpp"
#include "plan/model_files.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

void set_labels(const ModelShape& shape, const std::vector<std::string>& label_names,
                bool regression, Json& config) {
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
  if (shape.head.kind != HeadKind::sequence) return;
  config["problem_type"] = regression ? "regression" : "single_label_classification";
  config["temper_pooling"] = shape.pooling == Pooling::mean  ? "mean"
                             : shape.pooling == Pooling::cls ? "cls"
                                                             : "last";
}

Json exported_config(Json config, const ModelShape& shape,
                     const std::vector<std::string>& label_names, bool regression) {
  config["architectures"] = {architecture_name(shape)};
  if (shape.head.kind != HeadKind::language) set_labels(shape, label_names, regression, config);
  return config;
}

// Where sentence-transformers looks for the pooling; [CLS] with a pooler is BERT's own.
void write_pooling(const fs::path& directory, const ModelShape& shape) {
  if (shape.pooling == Pooling::cls || shape.head.kind != HeadKind::sequence ||
      shape.block.mask == MaskKind::causal)
    return;
  const Json pooling = {{"word_embedding_dimension", shape.block.hidden},
                        {"pooling_mode_cls_token", false},
                        {"pooling_mode_mean_tokens", shape.pooling == Pooling::mean},
                        {"pooling_mode_lasttoken", shape.pooling == Pooling::last}};
  write_file_atomically(directory / "1_Pooling" / "config.json", pooling.dump(2) + "\n");
}

// As the family's files have it: its name and order. `tensor` must outlive the stream.
TensorStream stream_of(const ExportedTensor& tensor, const LogicalTensor& logical,
                       const ModelShape& shape) {
  return {file_names(*find_family(shape.family), logical).front(), file_shape(logical),
          [&tensor, logical, block = shape.block](float* out) {
            std::vector<float> values = tensor.values;
            to_file_order(logical, block, values);
            std::copy(values.begin(), values.end(), out);
          }};
}

std::map<std::string, LogicalTensor> by_name(const ModelShape& shape) {
  std::map<std::string, LogicalTensor> all;
  for (LogicalTensor& tensor : logical_tensors(shape)) all.emplace(tensor.name, tensor);
  return all;
}

}  // namespace

void export_model(const fs::path& source, const fs::path& target, const ModelShape& shape,
                  const std::vector<std::string>& label_names, bool regression,
                  const std::vector<ExportedTensor>& tensors, const ExportOptions& options) {
  const ModelFiles files = value_or_throw(read_model_files(source));
  const auto logical = by_name(shape);
  std::vector<TensorStream> streams;
  for (const ExportedTensor& tensor : tensors) {
    expects(logical.contains(tensor.name), tensor.name, " is no tensor of the model");
    streams.push_back(stream_of(tensor, logical.at(tensor.name), shape));
  }
  DirectoryParts parts;
  parts.config = exported_config(files.config, shape, label_names, regression);
  parts.dtype = options.dtype;
  parts.tokenizer = options.tokenizer;
  parts.card = options.card;
  parts.more = [&](const fs::path& folder) { write_pooling(folder, shape); };
  write_model_directory(target, files, parts, streams);
}

void export_adapter(const fs::path& source, const fs::path& target, const ModelShape& shape,
                    const AdapterConfig& config, const std::vector<ExportedTensor>& tensors,
                    const ExportOptions& options) {
  const ModelFiles files = value_or_throw(read_model_files(source));
  const auto logical = by_name(shape);
  std::vector<TensorStream> streams;
  for (const ExportedTensor& tensor : tensors) {
    if (const auto whole = logical.find(tensor.name); whole != logical.end()) {
      streams.push_back(stream_of(tensor, whole->second, shape));
      streams.back().name = "base_model.model." + streams.back().name;
    } else {
      streams.push_back({tensor.name, tensor.shape, [&tensor](float* out) {
                           std::copy(tensor.values.begin(), tensor.values.end(), out);
                         }});
    }
  }
  write_folder(target, [&](const fs::path& folder) {
    write_adapter(folder, config, streams);
    write_tokenizer_files(folder, files, options.tokenizer);
    if (!options.card.empty()) write_file_atomically(folder / "README.md", options.card);
  });
}

}  // namespace temper
