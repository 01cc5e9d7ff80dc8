// smollm2-sft-recipe: train.jsonl, validation.jsonl and test.jsonl of instructions made from an
// installed WordNet 3.0, and its licence beside them. Run again, it leaves equal files alone.
#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/file.hpp"
#include "core/outcome.hpp"
#include "experiments/smollm2-sft/instructions.hpp"

namespace temper {
namespace {

namespace fs = std::filesystem;

struct Request {
  std::string wordnet = "/usr/share/wordnet";
  std::string output = "experiments/smollm2-sft/data";
  std::size_t train_rows = 8000, other_rows = 500;  // 0 = all
};

constexpr std::array<const char*, 3> kNames{"train", "validation", "test"};

Nouns read_wordnet(const fs::path& folder) {
  const fs::path path = folder / "data.noun";
  errno = 0;
  std::ifstream file(path);
  if (!file)
    throw BadInput({path.string(), "cannot be read", std::generic_category().message(errno),
                    "Install wordnet-base, or name WordNet's folder with --wordnet"});
  return read_nouns(file, path.string());
}

void write_if_changed(const fs::path& path, const std::string& content) {
  if (fs::exists(path))
    if (const Checked<std::string> old = read_text_file(path); old && old.value() == content)
      return;
  write_file_atomically(path, content);
}

Outcome run_recipe(const Request& request) {
  const Nouns nouns = read_wordnet(request.wordnet);
  const std::vector<Instruction> all = instructions_of(nouns);
  const fs::path output = request.output;
  write_if_changed(output / "LICENSE",
                   "The rows of this folder are definitions from WordNet.\n\n" + nouns.license);
  std::array<std::size_t, 3> counts{};
  for (std::size_t s = 0; s < counts.size(); ++s) {
    const std::vector<Instruction> rows =
        of_split(all, Split(s), s == 0 ? request.train_rows : request.other_rows);
    std::string lines;
    for (const Instruction& row : rows) lines += to_line(row);
    counts[s] = rows.size();
    write_if_changed(output / (std::string(kNames[s]) + ".jsonl"), lines);
  }
  std::printf("%zu train, %zu validation, %zu test rows of %zu in %s\n", counts[0], counts[1],
              counts[2], all.size(), output.c_str());
  return Outcome::done;
}

int run(int argc, char** argv) {
  CLI::App app{"Instructions made from WordNet's nouns: questions for a definition, and answers."};
  Request request;
  app.add_option("--wordnet", request.wordnet, "folder that holds WordNet's data.noun")
      ->capture_default_str();
  app.add_option("--output", request.output, "folder for the files")->capture_default_str();
  app.add_option("--train-rows", request.train_rows, "rows of train; 0 keeps all")
      ->capture_default_str();
  app.add_option("--other-rows", request.other_rows, "rows of validation and of test; 0 keeps all")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_code(Outcome::bad_manifest);
  }
  return exit_code(run_recipe(request));
}

}  // namespace
}  // namespace temper

int main(int argc, char** argv) {
  try {
    return temper::run(argc, argv);
  } catch (...) {
    std::string reason;
    const temper::Outcome outcome = temper::outcome_of_current_exception(reason);
    std::fprintf(stderr, "smollm2-sft-recipe: %s\n", reason.c_str());
    return temper::exit_code(outcome);
  }
}
