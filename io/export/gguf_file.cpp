#include "io/export/gguf_file.hpp"

#include <algorithm>

#include "io/gguf/blocks.hpp"
#include "plan/families.hpp"
#include "plan/gguf_names.hpp"

namespace temper {

namespace {

std::int64_t file_type_of(GgmlType type) {  // llama.cpp's numbers of whole files
  return type == GgmlType::f32 ? 0 : type == GgmlType::f16 ? 1 : type == GgmlType::q8_0 ? 7 : 32;
}

GgmlType type_of(GgmlType wanted, const std::vector<std::int64_t>& shape) {
  if (shape.size() < 2) return GgmlType::f32;
  return shape.back() % ggml_layout(wanted)->block_elements == 0 ? wanted : GgmlType::f16;
}

// Hugging Face's values as the converter of llama.cpp writes them.
GgufStream converted(const TensorStream& stream, const LogicalTensor& tensor, GgufChange change,
                     std::int64_t heads, GgmlType type) {
  GgufStream result;
  result.name = gguf_tensor_name(tensor.role);
  result.shape = tensor.shape;
  result.type = type_of(type, tensor.shape);
  const std::int64_t rows = tensor.shape.front(), width = tensor.numel() / rows;
  result.read = [read = stream.read, change, heads, rows, width](float* out) {
    read(out);
    if (change == GgufChange::plus_one)
      for (std::int64_t i = 0; i < rows * width; ++i) out[i] += 1;
    if (change != GgufChange::interleaved_rows && change != GgufChange::transposed) return;
    const std::vector<float> from(out, out + rows * width);
    const std::int64_t size = change == GgufChange::interleaved_rows ? rows / heads : 1,
                       half = size / 2;
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t i = 0; i < width; ++i) {
        const std::int64_t within = row % size;
        out[row * width + i] =
            change == GgufChange::transposed
                ? from[std::size_t(i * rows + row)]
                : from[std::size_t((row - within + within % 2 * half + within / 2) * width + i)];
      }
  };
  return result;
}

std::vector<GgufStream> streams_of(const ModelShape& shape, const std::string& architecture,
                                   GgmlType type, const std::vector<TensorStream>& tensors) {
  std::vector<GgufStream> streams;
  const Family& family = *find_family(shape.family);
  for (const LogicalTensor& tensor : logical_tensors(shape)) {
    const std::string name = file_names(family, tensor).front();
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const TensorStream& t) { return t.name == name; });
    if (found == tensors.end()) throw BadInput(Problem{name, "is missing", "", ""});
    const bool key = tensor.role.find(".attn.k.") != std::string::npos;
    streams.push_back(converted(*found, tensor, gguf_change(architecture, tensor),
                                key ? shape.block.kv_heads : shape.block.heads, type));
  }
  for (const auto& [name, values] : gguf_rope_tensors(shape)) {
    GgufStream& stream = streams.emplace_back();
    stream.name = name;
    stream.shape = {std::int64_t(values.size())};
    stream.read = [values = values](float* out) { std::copy(values.begin(), values.end(), out); };
  }
  return streams;
}

// Without what training alone decides, and without the family: a Mistral without windows is a
// Llama.
Json comparable(ModelShape shape) {
  shape.attn_dropout = shape.hidden_dropout = shape.head_dropout = 0;
  shape.initializer_range = 0;
  bool all_alike = true;
  for (const LayerShape& layer : shape.layer)
    all_alike = all_alike && layer.window == 0 && layer.rope == 0 && layer.attention_norm;
  if (all_alike) shape.layer.clear();
  Json json = to_json(shape);
  json.erase("family");
  return json;
}

Problems differences(const Json& ours, const Json& theirs, const std::string& path) {
  if (ours == theirs) return {};
  if (!ours.is_object() || !theirs.is_object())
    return {{path, "is " + ours.dump() + " and would be read as " + theirs.dump(),
             "GGUF has no word for it", "Export with --format hf."}};
  Problems all;
  for (const auto& [key, value] : ours.items())
    for (Problem& problem :
         differences(value, theirs.value(key, Json()), path.empty() ? key : path + "." + key))
      all.push_back(std::move(problem));
  return all;
}

}  // namespace

GgufMetadata tokenizer_metadata_of(const GgufHeader& header) {
  GgufMetadata keys;
  for (const auto& [key, value] : header.metadata)
    if (key.starts_with("tokenizer.ggml.")) keys.emplace_back(key, value);
  return keys;
}

Problems write_gguf_model(const std::filesystem::path& file, const ModelShape& shape,
                          const GgufParts& parts, const std::vector<TensorStream>& tensors) {
  Checked<GgufMetadata> shape_keys = gguf_metadata(shape);
  if (!shape_keys) return shape_keys.problems();
  GgufMetadata metadata = std::move(shape_keys).value();
  const std::string architecture = std::get<std::string>(metadata.front().second.held);
  metadata.emplace_back("general.name", gguf_text(parts.name));
  metadata.emplace_back("general.file_type", gguf_u32(file_type_of(parts.type)));
  metadata.emplace_back("general.quantization_version", gguf_u32(2));
  metadata.insert(metadata.end(), parts.tokenizer.begin(), parts.tokenizer.end());
  if (!parts.chat_template.empty())
    metadata.emplace_back("tokenizer.chat_template", gguf_text(parts.chat_template));
  // Written beside the target, read again, and only then given its name.
  const std::filesystem::path trial =
      file.parent_path() / ("." + file.stem().string() + ".unchecked.gguf");
  write_gguf(trial, metadata, streams_of(shape, architecture, parts.type, tensors));
  Problems problems;
  const Checked<ModelShape> back = read_model_shape(trial, Json::object());
  if (!back)
    problems = back.problems();
  else
    problems = differences(comparable(shape), comparable(back.value()), "");
  if (problems.empty())
    std::filesystem::rename(trial, file);
  else
    std::filesystem::remove(trial);
  return problems;
}

}  // namespace temper
