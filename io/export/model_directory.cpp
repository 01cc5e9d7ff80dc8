#include "io/export/model_directory.hpp"

#include <cstdio>
#include <memory>

#include "core/file.hpp"
#include "core/outcome.hpp"
#include "io/safetensors.hpp"
#include "io/weight_files.hpp"
#include "plan/families.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

constexpr const char* kTokenizerFiles[] = {"tokenizer.json",
                                           "tokenizer_config.json",
                                           "special_tokens_map.json",
                                           "vocab.txt",
                                           "vocab.json",
                                           "merges.txt",
                                           "tokenizer.model",
                                           "sentencepiece.bpe.model",
                                           "spiece.model",
                                           "added_tokens.json"};

void write_json(const fs::path& path, const Json& json) {
  write_file_atomically(path, json.dump(2) + "\n");
}

std::string dtype_name(Dtype dtype) {
  return dtype == Dtype::bf16 ? "bfloat16" : dtype == Dtype::f16 ? "float16" : "float32";
}

std::string shard_name(std::size_t shard, std::size_t shards) {
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", shard + 1, shards);
  return name;
}

// Neighbouring tensors up to the size of a shard; a larger one is a shard of its own.
std::vector<std::vector<TensorStream>> cut_into_shards(const std::vector<TensorStream>& tensors,
                                                       std::int64_t element_bytes,
                                                       std::int64_t shard_bytes) {
  std::vector<std::vector<TensorStream>> shards(1);
  std::int64_t bytes = 0;
  for (const TensorStream& tensor : tensors) {
    const std::int64_t size = tensor.numel() * element_bytes;
    if (!shards.back().empty() && bytes + size > shard_bytes) shards.emplace_back(), bytes = 0;
    shards.back().push_back(tensor);
    bytes += size;
  }
  return shards;
}

void write_weights(const fs::path& folder, const DirectoryParts& parts,
                   const std::vector<TensorStream>& tensors) {
  const std::int64_t width = size_bytes(parts.dtype);
  const auto shards = cut_into_shards(tensors, width, parts.shard_bytes);
  if (shards.size() == 1)
    return write_safetensors(folder / "model.safetensors", shards.front(), parts.dtype);
  Json::object_t map;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = shard_name(i, shards.size());
    write_safetensors(folder / name, shards[i], parts.dtype);
    for (const TensorStream& tensor : shards[i]) {
      map.emplace_back(tensor.name, name);
      total += tensor.numel() * width;
    }
  }
  write_json(folder / "model.safetensors.index.json",
             {{"metadata", {{"total_size", total}}}, {"weight_map", std::move(map)}});
}

}  // namespace

void write_tokenizer_files(const fs::path& folder, const ModelFiles& source,
                           const Json& tokenizer) {
  for (const char* name : kTokenizerFiles)
    if (!source.folder.empty() && fs::exists(source.folder / name))
      fs::copy_file(source.folder / name, folder / name);
  if (!fs::exists(folder / "tokenizer.json") && !tokenizer.is_null())
    write_json(folder / "tokenizer.json", tokenizer);
  if (!fs::exists(folder / "tokenizer_config.json") && source.tokenizer_config.is_object())
    write_json(folder / "tokenizer_config.json", source.tokenizer_config);
  // A template that stands in tokenizer_config.json has come with it.
  const bool inside =
      source.tokenizer_config.is_object() && source.tokenizer_config.contains("chat_template");
  if (!source.chat_template.empty() && !inside)
    write_file_atomically(folder / "chat_template.jinja", source.chat_template);
}

void write_folder(const fs::path& target, const std::function<void(const fs::path&)>& fill) {
  const fs::path temporary = temporary_beside(fs::absolute(target));
  try {
    fs::remove_all(temporary);
    fs::create_directories(temporary);
    fill(temporary);
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

void write_model_directory(const fs::path& target, const ModelFiles& source,
                           const DirectoryParts& parts, const std::vector<TensorStream>& tensors) {
  write_folder(target, [&](const fs::path& folder) {
    Json config = parts.config;
    // Transformers 5 reads the newer key first: one left over would round what is stored.
    config["torch_dtype"] = config["dtype"] = dtype_name(parts.dtype);
    write_json(folder / "config.json", config);
    write_weights(folder, parts, tensors);
    write_tokenizer_files(folder, source, parts.tokenizer);
    if (source.generation_config.is_object())
      write_json(folder / "generation_config.json", source.generation_config);
    if (parts.more) parts.more(folder);
    if (!parts.card.empty()) write_file_atomically(folder / "README.md", parts.card);
  });
}

std::vector<TensorStream> model_streams(const fs::path& model, const ModelShape& shape) {
  const std::vector<LogicalTensor> tensors = logical_tensors(shape);
  const auto files = std::make_shared<const WeightFiles>(
      value_or_throw(find_weights(model, shape, tensors, false)));
  const Family& family = *find_family(shape.family);
  std::vector<TensorStream> streams;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (files->names[i].empty())
      throw BadInput(Problem{model.string(), "has no " + tensors[i].name,
                             "only whole models can be exported", ""});
    const TensorEntry& entry = files->index.at(files->names[i]);
    streams.push_back(
        {file_names(family, tensors[i]).front(), entry.shape,
         [files, &entry](float* out) { read_elements(entry, 0, entry.numel(), out); }});
  }
  return streams;
}

}  // namespace temper
