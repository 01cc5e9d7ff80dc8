// temper generate MODEL: answers of a language model to a prompt, or to a file of them.
#include <cstdio>
#include <memory>

#include "apps/command.hpp"
#include "core/file.hpp"
#include "core/outcome.hpp"
#include "experiments/resolve_paths.hpp"
#include "jobscripts/local/ask_rank.hpp"
#include "plan/generation_keys.hpp"
#include "plan/plan_job.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

struct GenerateOptions {
  std::string model, prompt, system, prompts, out, precision = "bf16";
  bool raw = false, json = false;
  std::int64_t seed = 42;
  GenerationSpec generation;
};

// Folder of its own for the request and the answers; removed at the end.
class WorkFolder {
 public:
  WorkFolder() {
    std::string pattern = (fs::temp_directory_path() / "temper-generate-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw io_failure("cannot make a folder like", pattern, errno);
    path_ = pattern;
  }
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Json prompt_line(const GenerateOptions& options) {
  if (options.raw) return {{"prompt", options.prompt}};
  Json messages = Json::array();
  if (!options.system.empty())
    messages.push_back({{"role", "system"}, {"content", options.system}});
  messages.push_back({{"role", "user"}, {"content", options.prompt}});
  return {{"messages", messages}};
}

// A path, or a name on the shelf, as an absolute path.
std::string model_path(const std::string& name) {
  Json value = name;
  const Problems problems = resolve_paths("model.model_name_or_path", fs::current_path(), value);
  if (!problems.empty()) throw BadInput(problems);
  return value.get<std::string>();
}

Json generation_json(const GenerationSpec& generation) {
  RunSpec spec;
  spec.generation = generation;
  return to_json(spec)["generation"];
}

Outcome run_generate(const GenerateOptions& options) {
  if (options.prompt.empty() == options.prompts.empty())
    throw BadInput(
        Problem{"temper generate", "takes a prompt or --prompts FILE", "", "Give one of them."});
  RunSpec checked;
  checked.train.stage = "sft";
  checked.generation = options.generation;
  Problems problems;
  check_generation(checked, problems);
  if (!problems.empty()) throw BadInput(problems);
  const WorkFolder work;
  fs::path prompts = options.prompts;
  if (prompts.empty())
    write_file_atomically(prompts = work.path() / "prompts.jsonl",
                          prompt_line(options).dump() + "\n");
  const fs::path request = work.path() / "request.json",
                 answers = options.out.empty() ? work.path() / "answers.jsonl"
                                               : fs::absolute(options.out);
  write_file_atomically(request, Json{{"model", model_path(options.model)},
                                      {"prompts", fs::absolute(prompts).string()},
                                      {"precision", options.precision},
                                      {"seed", options.seed},
                                      {"generation", generation_json(options.generation)}}
                                     .dump(1));
  const Json told =
      ask_rank({"generate", request.string(), answers.string()}, this_machine().cores);
  if (options.json) {
    std::printf("%s\n", told.dump().c_str());
  } else if (options.out.empty()) {
    const std::string lines = value_or_throw(read_text_file(answers));
    for (std::size_t begin = 0; begin < lines.size();) {
      const std::size_t end = lines.find('\n', begin);
      const Json line = Json::parse(lines.substr(begin, end - begin));
      std::printf("%s\n", line["text"].get<std::string>().c_str());
      begin = end + 1;
    }
  }
  return Outcome::done;
}

}  // namespace

void add_generate_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("generate", "answers of a language model");
  const auto o = std::make_shared<GenerateOptions>();
  command->add_option("model", o->model, "a model directory, a .gguf file, or a name on the shelf")
      ->required();
  command->add_option("prompt", o->prompt, "what the user says");
  command->add_option("--system", o->system, "what the system says first");
  command->add_flag("--raw", o->raw, "the prompt as it is, without the chat template");
  command->add_option("--prompts", o->prompts, "JSON lines with \"messages\" or \"prompt\"");
  command->add_option("--out", o->out, "where the answers to a file of prompts go (JSON lines)");
  command->add_option("--precision", o->precision, "bf16, fp32 or fp64")
      ->check(CLI::IsMember({"bf16", "fp32", "fp64"}));
  command->add_option("--max-new-tokens", o->generation.max_new_tokens, "tokens of an answer")
      ->check(CLI::PositiveNumber);
  command->add_option("--batch-size", o->generation.batch_size, "sequences at once")
      ->check(CLI::PositiveNumber);
  command->add_flag("--do-sample", o->generation.do_sample, "draw instead of the likeliest");
  command->add_option("--temperature", o->generation.temperature)->check(CLI::PositiveNumber);
  command->add_option("--top-k", o->generation.top_k)->check(CLI::NonNegativeNumber);
  command->add_option("--top-p", o->generation.top_p)->check(CLI::Range(0.0, 1.0));
  command->add_option("--repetition-penalty", o->generation.repetition_penalty)
      ->check(CLI::PositiveNumber);
  command->add_option("--stop", o->generation.stop_strings, "strings that end an answer");
  command->add_option("--seed", o->seed, "of draws");
  command->add_flag("--json", o->json, "counts and seconds as one JSON object");
  command->callback([&action, o] { action = [o] { return run_generate(*o); }; });
}

}  // namespace temper
