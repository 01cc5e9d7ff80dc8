// `temper model show|import|export`: models looked at, converted and handed on.
#include <cstdio>
#include <memory>

#include "apps/command.hpp"
#include "apps/export_model.hpp"
#include "apps/model_facts.hpp"
#include "experiments/resolve_paths.hpp"

namespace temper {

namespace {

namespace fs = std::filesystem;

struct ModelCommand {
  std::string model, target, dtype = "f32";
  ExportOrder order;
  bool json = false;
};

// A path as it stands, else a model of the shelf.
fs::path found_model(const std::string& name) {
  if (fs::exists(name)) return name;
  Json path = name;
  const Problems problems = resolve_paths("model.model_name_or_path", fs::current_path(), path);
  if (!problems.empty()) throw BadInput(problems);
  return path.get<std::string>();
}

Outcome show(const ModelCommand& command) {
  const Json facts = model_facts(found_model(command.model));
  std::printf("%s", command.json ? (facts.dump(1) + "\n").c_str() : model_text(facts).c_str());
  return Outcome::done;
}

Outcome import(const ModelCommand& command) {
  const Dtype dtype = command.dtype == "bf16"  ? Dtype::bf16
                      : command.dtype == "f16" ? Dtype::f16
                                               : Dtype::f32;
  import_model(found_model(command.model), command.target, dtype);
  std::printf("%s: written\n", command.target.c_str());
  return Outcome::done;
}

Outcome export_result(ModelCommand command) {
  command.order.source = found_model(command.model);
  command.order.target = command.target;
  command.order.dtype = command.dtype;
  run_export(command.order);
  std::printf("%s: written\n", command.target.c_str());
  return Outcome::done;
}

CLI::App* add_part(CLI::App* model, const std::string& name, const std::string& about,
                   const std::shared_ptr<ModelCommand>& command, const std::string& what) {
  CLI::App* part = model->add_subcommand(name, about);
  part->add_option("model", command->model, what)->required();
  return part;
}

}  // namespace

void add_model_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<ModelCommand>();
  CLI::App* model = app.add_subcommand("model", "Look at models, import and export them");
  model->require_subcommand(1);
  const std::string path = "a Hugging Face directory, a .gguf file, or a model of the shelf";
  CLI::App* part = add_part(model, "show", "Family, shape, tokenizer, template", command, path);
  part->add_flag("--json", command->json, "one JSON object on standard output");
  part->callback([command, &action] { action = [command] { return show(*command); }; });
  part = add_part(model, "import", "Write a GGUF file as a Hugging Face directory", command, path);
  part->add_option("target", command->target, "the folder to write")->required();
  part->add_option("--dtype", command->dtype, "of the weights")
      ->check(CLI::IsMember({"f32", "bf16", "f16"}))
      ->capture_default_str();
  part->callback([command, &action] { action = [command] { return import(*command); }; });
  part = add_part(model, "export", "Write the result of a study, or a model, for others", command,
                  "a study's folder, an adapter's folder, or " + path);
  part->add_option("target", command->target, "the folder, or the .gguf file, to write")
      ->required();
  part->add_option("--format", command->order.format,
                   "hf, merged: a whole model; peft: the adapter; gguf: for llama.cpp")
      ->check(CLI::IsMember({"hf", "merged", "peft", "gguf"}))
      ->capture_default_str();
  part->add_option("--dtype", command->dtype, "of the weights; q8_0 only with gguf")
      ->check(CLI::IsMember({"f32", "bf16", "f16", "q8_0"}))
      ->capture_default_str();
  part->add_option("--base", command->order.base, "base model of an adapter, where it moved");
  part->callback([command, &action] { action = [command] { return export_result(*command); }; });
}

}  // namespace temper
