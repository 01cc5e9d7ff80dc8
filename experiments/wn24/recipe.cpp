// wn24-recipe: train.jsonl, validation.jsonl and test.jsonl of a noun classification task from an
// installed WordNet 3.0, and its licence beside them. Run again, it leaves equal files alone.
#include <algorithm>
#include <array>
#include <cstdio>

#include "core/json.hpp"
#include "experiments/wn24/recipe_files.hpp"

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

Outcome run_recipe(const Request& request) {
  const Nouns nouns = read_wordnet(request.wordnet);
  Splits splits = split_rows(nouns.rows, classes_of_task(request.task));
  const fs::path output = request.output;
  write_license(output, nouns);
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (request.train_rows > 0)
      keep_first(splits[i],
                 i == 0 ? request.train_rows : std::max<std::size_t>(request.train_rows / 8, 1));
    write_if_changed(output / kSplitFiles[i], to_lines(splits[i]));
  }
  std::printf("%s: %zu train, %zu validation, %zu test rows in %s\n", request.task.c_str(),
              splits[0].size(), splits[1].size(), splits[2].size(), output.c_str());
  return Outcome::done;
}

}  // namespace
}  // namespace temper

int main(int argc, char** argv) {
  CLI::App app{"Rows of a noun classification task from WordNet's definitions."};
  temper::Request request;
  app.add_option("--wordnet", request.wordnet, "folder that holds WordNet's data.noun")
      ->capture_default_str();
  app.add_option("--task", request.task, "wn24: 24 classes; wn25: with noun.motive; wn8: 8 classes")
      ->check(CLI::IsMember({"wn24", "wn25", "wn8"}))
      ->capture_default_str();
  app.add_option("--output", request.output, "folder for the files")->capture_default_str();
  app.add_option("--train-rows", request.train_rows,
                 "keep so many rows of train and an eighth of it of the others; 0 keeps all")
      ->capture_default_str();
  return temper::run_recipe_program("wn24-recipe", app, argc, argv,
                                    [&] { return temper::run_recipe(request); });
}
