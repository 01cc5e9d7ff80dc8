// A manifest as a tree in which every word knows where it stands. TOML 1.0 in, included files
// merged (later ones win, the file itself last), aliases replaced by the names they mean.
//
//   const Manifest manifest = value_or_throw(read_manifest("quick.toml"));
//   const ManifestNode* rate = manifest.root.find("train")->find("learning_rate");
//   rate->place.text();          // "quick.toml:12:17"
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "core/problem.hpp"

namespace temper {

struct Place {
  std::string file;  // as the user would write it
  int line = 0, column = 0;
  std::filesystem::path folder;  // of the file, absolute: relative paths start there
  std::string text() const;      // "file:line:column"
};

struct ManifestNode {
  enum class Kind { value, table, list };
  std::string key;      // its name in the table; "" for an item of a list
  std::string written;  // the alias that stands in the file, "" when `key` does
  Place key_place, place;
  Kind kind = Kind::value;
  Json value;                          // of Kind::value
  std::vector<ManifestNode> children;  // members or items, in the order of the file

  const ManifestNode* find(std::string_view name) const;
  Json json() const;  // tables and lists too
};

struct Manifest {
  ManifestNode root;
  std::vector<std::filesystem::path> files;  // absolute, in the order of reading
  std::string sha256;                        // of the bytes of all files in that order
  Problems problems;  // that leave the rest readable: a key given twice under two names, a date
};

// Problems: unreadable files, TOML syntax, cycles of `include`; each with file, line and column.
Checked<Manifest> read_manifest(const std::filesystem::path& path);

}  // namespace temper
