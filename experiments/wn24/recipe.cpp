// wn24-recipe: train.jsonl, validation.jsonl and test.jsonl of a noun classification task from an
// installed WordNet 3.0, and its licence beside them. Run again, it leaves equal files alone.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/outcome.hpp"
#include "experiments/wn24/definitions.hpp"

namespace temper {
namespace {

namespace fs = std::filesystem;

struct Request {
  std::string wordnet = "/usr/share/wordnet";
  std::string task = "wn24";
  std::string output = "experiments/wn24/data";
  std::size_t train_rows = 0;  // 0 = all
};

struct Placed {
  double position;
  const Definition* row;
};
using Splits = std::array<std::vector<Placed>, 3>;

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

Splits split_rows(const std::vector<Definition>& rows, const std::vector<int>& classes) {
  Splits splits;
  for (const Definition& row : rows) {
    if (std::find(classes.begin(), classes.end(), row.lexicographer) == classes.end()) continue;
    const double position = split_position(split_key(row.definition));
    splits[static_cast<std::size_t>(split_at(position))].push_back({position, &row});
  }
  return splits;
}

// A sample that does not depend on the order of the file: the rows whose keys come first, in the
// order in which they stood.
void keep_first(std::vector<Placed>& rows, std::size_t count) {
  if (rows.size() <= count) return;
  const auto earlier = [](const Placed& a, const Placed& b) {
    return a.position != b.position ? a.position < b.position : a.row < b.row;
  };
  std::nth_element(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(),
                   earlier);
  rows.resize(count);
  std::sort(rows.begin(), rows.end(),
            [](const Placed& a, const Placed& b) { return a.row < b.row; });
}

std::string to_lines(const std::vector<Placed>& rows) {
  std::string lines;
  for (const auto& [position, row] : rows) {
    const Json line{{"id", row->id},
                    {"term", row->term},
                    {"definition", row->definition},
                    {"class", noun_class(row->lexicographer)},
                    {"lexicographer", row->lexicographer}};
    lines += line.dump() + "\n";
  }
  return lines;
}

void write_if_changed(const fs::path& path, const std::string& content) {
  if (fs::exists(path))
    if (const Checked<std::string> old = read_text_file(path); old && old.value() == content)
      return;
  write_file_atomically(path, content);
}

Outcome run_recipe(const Request& request) {
  const Nouns nouns = read_wordnet(request.wordnet);
  Splits splits = split_rows(nouns.rows, classes_of_task(request.task));
  const fs::path output = request.output;
  write_if_changed(output / "LICENSE",
                   "The rows of this folder are definitions from WordNet.\n\n" + nouns.license);
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (request.train_rows > 0)
      keep_first(splits[i],
                 i == 0 ? request.train_rows : std::max<std::size_t>(request.train_rows / 8, 1));
    write_if_changed(output / (std::string(kNames[i]) + ".jsonl"), to_lines(splits[i]));
  }
  std::printf("%s: %zu train, %zu validation, %zu test rows in %s\n", request.task.c_str(),
              splits[0].size(), splits[1].size(), splits[2].size(), output.c_str());
  return Outcome::done;
}

int run(int argc, char** argv) {
  CLI::App app{"Rows of a noun classification task from WordNet's definitions."};
  Request request;
  app.add_option("--wordnet", request.wordnet, "folder that holds WordNet's data.noun")
      ->capture_default_str();
  app.add_option("--task", request.task, "wn24: 24 classes; wn25: with noun.motive; wn8: 8 classes")
      ->check(CLI::IsMember({"wn24", "wn25", "wn8"}))
      ->capture_default_str();
  app.add_option("--output", request.output, "folder for the files")->capture_default_str();
  app.add_option("--train-rows", request.train_rows,
                 "keep so many rows of train and an eighth of it of the others; 0 keeps all")
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
    std::fprintf(stderr, "wn24-recipe: %s\n", reason.c_str());
    return temper::exit_code(outcome);
  }
}
