// ARCHITECTURE.md is the law: its map names every source file once, and its include table says
// which folder may include which, and which outside headers a folder may use.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

namespace {

const fs::path kRoot = TEMPER_SOURCE_DIR;
const std::vector<std::string> kFolders{"analysis", "experiments", "io",  "jobscripts",
                                        "mpi",      "sharding",    "src", "bench"};

struct FolderRule {
  std::set<std::string> folders, outside;
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream row(line.substr(1));
  for (std::string cell; std::getline(row, cell, '|');) {
    const auto begin = cell.find_first_not_of(' ');
    const auto end = cell.find_last_not_of(' ');
    cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
  }
  return cells;
}

// The table rows below a heading, until the next heading.
std::vector<std::vector<std::string>> rows_below(const std::string& heading) {
  std::ifstream file(kRoot / "ARCHITECTURE.md");
  std::vector<std::vector<std::string>> rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) inside = line == "## " + heading;
    if (inside && line.starts_with("| `")) rows.push_back(cells_of(line));
  }
  return rows;
}

std::string unquoted(std::string text) {
  std::erase(text, '`');
  return text;
}

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::stringstream stream(unquoted(text));
  for (std::string word; std::getline(stream, word, ',');) {
    std::erase(word, ' ');
    if (!word.empty() && word != "-") words.insert(word);
  }
  return words;
}

std::map<std::string, FolderRule> include_table() {
  std::map<std::string, FolderRule> table;
  for (const auto& row : rows_below("Include table"))
    if (row.size() >= 3) table[unquoted(row[0])] = {words_of(row[1]), words_of(row[2])};
  return table;
}

std::vector<fs::path> source_files() {
  std::vector<fs::path> files;
  for (const std::string& folder : kFolders)
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder))
      if (entry.is_regular_file() &&
          (entry.path().extension() == ".cpp" || entry.path().extension() == ".hpp"))
        files.push_back(entry.path().lexically_relative(kRoot));
  std::sort(files.begin(), files.end());
  return files;
}

// The longest folder of the table that holds the file; "" when none.
std::string folder_of(const std::string& file, const std::map<std::string, FolderRule>& table) {
  std::string best;
  for (const auto& [folder, rule] : table)
    if (file.starts_with(folder + "/") && folder.size() > best.size()) best = folder;
  return best;
}

// "core/x.hpp" is src/core/x.hpp: includes are written from the root or from src.
std::string resolved(const std::string& include) {
  for (const std::string& candidate : {include, "src/" + include})
    if (fs::exists(kRoot / candidate)) return candidate;
  return "";
}

// The name that the include table uses for an outside header; "std" for the language's own and
// POSIX.
std::string library_of(const std::string& header) {
  static const std::vector<std::pair<std::regex, std::string>> kLibraries{
      {std::regex("nlohmann/.*"), "nlohmann"},
      {std::regex("toml\\+\\+/.*"), "toml++"},
      {std::regex("CLI/.*"), "CLI11"},
      {std::regex("mpi\\.h"), "mpi"},
      {std::regex("(hdf5|H5.*)\\.h"), "hdf5"},
      {std::regex("(ATen|c10|torch)/.*"), "aten"},
      {std::regex("Kokkos_.*"), "kokkos"},
      {std::regex("unicode/.*"), "icu"},
      {std::regex("pcre2\\.h"), "pcre2"},
      {std::regex("simdjson\\.h"), "simdjson"},
      {std::regex("openssl/.*"), "openssl"},
      {std::regex("(omp|[a-z]*mmintrin|immintrin)\\.h"), "machine"},
      {std::regex("benchmark/.*"), "benchmark"},
      {std::regex("[a-z_0-9]+"), "std"},
      {std::regex(
           "(sys|arpa|netinet)/.*\\.h|"
           "(unistd|fcntl|signal|poll|spawn|glob|dlfcn|pthread|sched|malloc|fnmatch|dirent)\\.h"),
       "std"}};
  for (const auto& [pattern, library] : kLibraries)
    if (std::regex_match(header, pattern)) return library;
  return "unknown";
}

struct Include {
  bool outside;
  std::string header;
  int line;
};

std::vector<Include> includes_of(const fs::path& file) {
  static const std::regex kPattern("\\s*#\\s*include\\s*([<\"])([^>\"]+)[>\"].*");
  std::ifstream stream(kRoot / file);
  std::vector<Include> includes;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    std::smatch match;
    if (std::regex_match(line, match, kPattern))
      includes.push_back({match[1] == "<", match[2], number});
  }
  return includes;
}

}  // namespace

TEST(Architecture, has_a_map_row_for_every_file_and_a_file_for_every_row) {
  std::set<std::string> stems, rows;
  for (fs::path file : source_files()) stems.insert(file.replace_extension().string());
  for (const auto& row : rows_below("Map")) {
    EXPECT_TRUE(rows.insert(unquoted(row[0])).second) << "two rows for " << row[0];
    EXPECT_TRUE(row.size() > 1 && row[1].size() > 8) << "no description for " << row[0];
  }
  for (const std::string& stem : stems)
    EXPECT_TRUE(rows.contains(stem)) << stem << " has no row in the map of ARCHITECTURE.md";
  for (const std::string& row : rows)
    EXPECT_TRUE(stems.contains(row)) << row << " is in the map but not in the tree";
}

TEST(Architecture, includes_follow_the_table) {
  const auto table = include_table();
  ASSERT_GE(table.size(), 10u);
  for (const fs::path& file : source_files()) {
    const std::string folder = folder_of(file.string(), table);
    ASSERT_FALSE(folder.empty()) << file << " lies in no folder of the include table";
    const FolderRule& rule = table.at(folder);
    for (const Include& include : includes_of(file)) {
      const std::string place = file.string() + ":" + std::to_string(include.line);
      if (include.outside) {
        const std::string library = library_of(include.header);
        EXPECT_TRUE(library == "std" || rule.outside.contains(library))
            << place << ": <" << include.header << "> (" << library << ") is not allowed in "
            << folder;
        continue;
      }
      const std::string target = resolved(include.header);
      ASSERT_FALSE(target.empty()) << place << ": no such header \"" << include.header << "\"";
      const std::string from = folder_of(target, table);
      EXPECT_TRUE(from == folder || from == "src/core" || rule.folders.contains(from))
          << place << ": " << folder << " may not include " << from;
    }
  }
}

TEST(Architecture, the_include_table_has_no_cycle) {
  const auto table = include_table();
  std::map<std::string, int> state;  // 1 = on the path, 2 = done
  const std::function<void(const std::string&)> visit = [&](const std::string& folder) {
    state[folder] = 1;
    for (const std::string& next : table.at(folder).folders) {
      ASSERT_TRUE(table.contains(next)) << folder << " names the unknown folder " << next;
      ASSERT_NE(state[next], 1) << "cycle through " << folder << " and " << next;
      if (state[next] == 0) visit(next);
    }
    state[folder] = 2;
  };
  for (const auto& [folder, rule] : table)
    if (state[folder] == 0) visit(folder);
}
