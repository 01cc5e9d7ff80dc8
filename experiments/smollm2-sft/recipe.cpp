// smollm2-sft-recipe: train.jsonl, validation.jsonl and test.jsonl of instructions made from an
// installed WordNet 3.0, and its licence beside them. Run again, it leaves equal files alone.
#include <array>
#include <cstdio>

#include "experiments/smollm2-sft/instructions.hpp"
#include "experiments/wn24/recipe_files.hpp"

namespace temper {
namespace {

namespace fs = std::filesystem;

struct Request {
  std::string wordnet = "/usr/share/wordnet";
  std::string output = "experiments/smollm2-sft/data";
  std::size_t train_rows = 8000, other_rows = 500;  // 0 = all
};

Outcome run_recipe(const Request& request) {
  const Nouns nouns = read_wordnet(request.wordnet);
  const std::vector<Instruction> all = instructions_of(nouns);
  const fs::path output = request.output;
  write_license(output, nouns);
  std::array<std::size_t, 3> counts{};
  for (std::size_t s = 0; s < counts.size(); ++s) {
    const std::vector<Instruction> rows =
        of_split(all, Split(s), s == 0 ? request.train_rows : request.other_rows);
    std::string lines;
    for (const Instruction& row : rows) lines += to_line(row);
    counts[s] = rows.size();
    write_if_changed(output / kSplitFiles[s], lines);
  }
  std::printf("%zu train, %zu validation, %zu test rows of %zu in %s\n", counts[0], counts[1],
              counts[2], all.size(), output.c_str());
  return Outcome::done;
}

}  // namespace
}  // namespace temper

int main(int argc, char** argv) {
  CLI::App app{"Instructions made from WordNet's nouns: questions for a definition, and answers."};
  temper::Request request;
  app.add_option("--wordnet", request.wordnet, "folder that holds WordNet's data.noun")
      ->capture_default_str();
  app.add_option("--output", request.output, "folder for the files")->capture_default_str();
  app.add_option("--train-rows", request.train_rows, "rows of train; 0 keeps all")
      ->capture_default_str();
  app.add_option("--other-rows", request.other_rows, "rows of validation and of test; 0 keeps all")
      ->capture_default_str();
  return temper::run_recipe_program("smollm2-sft-recipe", app, argc, argv,
                                    [&] { return temper::run_recipe(request); });
}
