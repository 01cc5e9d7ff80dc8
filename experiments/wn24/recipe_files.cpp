#include "experiments/wn24/recipe_files.hpp"

#include <cerrno>
#include <fstream>

#include "core/file.hpp"

namespace temper {

namespace fs = std::filesystem;

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

void write_license(const fs::path& folder, const Nouns& nouns) {
  write_if_changed(folder / "LICENSE",
                   "The rows of this folder are definitions from WordNet.\n\n" + nouns.license);
}

int run_recipe_program(const std::string& name, CLI::App& app, int argc, char** argv,
                       const std::function<Outcome()>& recipe) {
  return exit_code_of(name, [&] {
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : exit_code(Outcome::bad_manifest);
    }
    return exit_code(recipe());
  });
}

}  // namespace temper
