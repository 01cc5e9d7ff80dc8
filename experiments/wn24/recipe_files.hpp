// What the recipes that read WordNet share: its nouns in, files out, a main.
//
//   const Nouns nouns = read_wordnet("/usr/share/wordnet");
//   write_license(output, nouns);
//   write_if_changed(output / "train.jsonl", lines);
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <functional>
#include <string>

#include "core/outcome.hpp"
#include "experiments/wn24/definitions.hpp"

namespace temper {

inline constexpr std::array<const char*, 3> kSplitFiles{"train.jsonl", "validation.jsonl",
                                                        "test.jsonl"};

// Throws BadInput with the system's words where `folder` holds no data.noun.
Nouns read_wordnet(const std::filesystem::path& folder);
// Leaves a file with this content alone, so that what depends on its time does not run again.
void write_if_changed(const std::filesystem::path& path, const std::string& content);
// WordNet's licence beside the rows.
void write_license(const std::filesystem::path& folder, const Nouns& nouns);

// Parses the command line and runs the recipe; the exit code. `name` begins what errors say.
int run_recipe_program(const std::string& name, CLI::App& app, int argc, char** argv,
                       const std::function<Outcome()>& recipe);

}  // namespace temper
