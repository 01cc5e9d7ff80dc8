#include "apps/export_model.hpp"

#include <optional>

#include "apps/study_card.hpp"
#include "core/file.hpp"
#include "experiments/resolve_paths.hpp"
#include "io/export/adapter.hpp"
#include "io/export/gguf_file.hpp"
#include "io/export/model_directory.hpp"
#include "text/gguf_tokenizer.hpp"
#include "text/gguf_words.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

bool embeds_tokenizer(const ModelFiles& files) {
  return files.header != nullptr && files.tokenizer_file == files.header->file;
}

Json tokenizer_json(const ModelFiles& files) {
  return embeds_tokenizer(files) ? value_or_throw(tokenizer_json_of(*files.header)) : Json();
}

// A model with its tensors, an adapter merged in where there is one.
struct Loaded {
  ModelFiles files;
  ModelShape shape;
  std::optional<Adapter> adapter;  // outlives the streams
  std::vector<TensorStream> streams;
};

// The base that an adapter names: a path as it stands, one on the shelf, or what the user said.
fs::path base_of(const Adapter& adapter, const fs::path& said) {
  if (!said.empty()) return said;
  const std::string name = adapter.config.base_model_name_or_path;
  for (const fs::path& candidate : {fs::path(name), model_shelf() / fs::path(name).filename()})
    if (!name.empty() && fs::exists(candidate)) return candidate;
  throw BadInput(Problem{adapter.folder.string() + ": base_model_name_or_path",
                         "\"" + name + "\" is not here", "an adapter is merged into its base",
                         "Give it with --base."});
}

void load(const fs::path& model, const fs::path& base, Loaded& loaded) {
  fs::path whole = model;
  if (is_adapter_directory(model)) {
    loaded.adapter = value_or_throw(read_adapter(model));
    whole = base_of(*loaded.adapter, base);
  }
  loaded.files = value_or_throw(read_model_files(whole));
  loaded.shape = value_or_throw(model_shape_of_config(loaded.files.config, loaded.files.where));
  if (!loaded.files.tokenizer_file.empty())
    if (const Problems problems = check_token_ids(loaded.files, loaded.shape.vocab_size);
        !problems.empty())
      throw BadInput(problems);
  loaded.streams = model_streams(whole, loaded.shape);
  if (loaded.adapter)
    if (const Problems problems = merge_adapter(*loaded.adapter, loaded.streams); !problems.empty())
      throw BadInput(problems);
}

void write_directory(const Loaded& loaded, const fs::path& target, Dtype dtype,
                     const std::string& card) {
  DirectoryParts parts;
  parts.config = loaded.files.config;
  parts.dtype = dtype;
  parts.tokenizer = tokenizer_json(loaded.files);
  parts.card = card;
  write_model_directory(target, loaded.files, parts, loaded.streams);
}

// What llama.cpp calls the way in which this tokenizer cuts words.
std::string words_name(const Json& tokenizer, const fs::path& file) {
  for (const std::string& name : gguf_word_names())
    if (find_gguf_words(name)->pre_tokenizer() == tokenizer.value("pre_tokenizer", Json()))
      return name;
  throw BadInput(Problem{file.string() + ": pre_tokenizer", "has no name in GGUF that is known",
                         "a wrong one would spoil the ids", "Export with --format hf."});
}

GgufMetadata tokenizer_metadata(const Loaded& loaded) {
  if (embeds_tokenizer(loaded.files)) return tokenizer_metadata_of(*loaded.files.header);
  if (loaded.files.tokenizer_file.empty()) return {};
  // A tokenizer.json that came with a GGUF file says what the file says, which llama.cpp knows.
  if (loaded.files.header != nullptr &&
      loaded.files.header->strings("tokenizer.ggml.tokens") != nullptr)
    return tokenizer_metadata_of(*loaded.files.header);
  const Json json = value_or_throw(read_json_file(loaded.files.tokenizer_file));
  return value_or_throw(gguf_tokenizer_metadata(json, loaded.files.tokenizer_config,
                                                words_name(json, loaded.files.tokenizer_file),
                                                loaded.shape.vocab_size));
}

void write_gguf_file(const Loaded& loaded, const fs::path& target, const std::string& dtype) {
  GgufParts parts;
  parts.name = target.stem().string();
  parts.type = dtype == "f32"    ? GgmlType::f32
               : dtype == "f16"  ? GgmlType::f16
               : dtype == "bf16" ? GgmlType::bf16
                                 : GgmlType::q8_0;
  parts.tokenizer = tokenizer_metadata(loaded);
  parts.chat_template = loaded.files.chat_template;
  if (const Problems problems = write_gguf_model(target, loaded.shape, parts, loaded.streams);
      !problems.empty())
    throw BadInput(problems);
}

void copy_adapter(const fs::path& source, const fs::path& target, const std::string& card) {
  static_cast<void>(value_or_throw(read_adapter(source)));
  write_folder(target, [&](const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(source))
      if (entry.is_regular_file()) fs::copy_file(entry.path(), folder / entry.path().filename());
    if (!card.empty()) write_file_atomically(folder / "README.md", card);
  });
}

Dtype dtype_of(const std::string& word) {
  if (word == "f32") return Dtype::f32;
  if (word == "bf16") return Dtype::bf16;
  if (word == "f16") return Dtype::f16;
  throw BadInput(Problem{"--dtype", "\"" + word + "\" is not for this format", "",
                         "f32, bf16 and f16 are; q8_0 is for --format gguf."});
}

// The folder that a study's best trial left, or the path itself.
fs::path result_of(const fs::path& source) {
  if (!is_study(source)) return source;
  const fs::path model = best_model_of(source);
  if (!fs::exists(model))
    throw BadInput(Problem{source.string(), "its best trial left no model (" + model.string() + ")",
                           "", "Run the study to its end first."});
  return model;
}

}  // namespace

void import_model(const fs::path& model, const fs::path& target, Dtype dtype) {
  Loaded loaded;
  load(model, {}, loaded);
  write_directory(loaded, target, dtype, "");
}

void run_export(const ExportOrder& order) {
  const fs::path source = result_of(order.source);
  const std::string library = order.format == "peft" ? "peft" : "transformers";
  const std::string card =
      is_study(order.source) ? to_markdown(study_card(order.source, library)) : "";
  if (order.format == "peft") {
    if (!is_adapter_directory(source))
      throw BadInput(Problem{source.string(), "holds no adapter", "it has no adapter_config.json",
                             "Export with --format hf."});
    return copy_adapter(source, order.target, card);
  }
  if (order.format != "gguf") dtype_of(order.dtype);
  Loaded loaded;
  load(source, order.base, loaded);
  if (order.format == "gguf")
    write_gguf_file(loaded, order.target, order.dtype);
  else
    write_directory(loaded, order.target, dtype_of(order.dtype), card);
}

}  // namespace temper
