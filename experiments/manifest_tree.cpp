#include "experiments/manifest_tree.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "core/digest.hpp"
#include "core/file.hpp"
#include "experiments/manifest_words.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostFiles = 64;

class Reader {
 public:
  // Reads `path` and what it includes, merged. `shown` is how the user would name the file.
  ManifestNode read(const fs::path& path, const fs::path& shown, const std::string& asked_at);

  Problems problems;
  bool readable = true;  // false: a file is missing or no TOML, so that nothing else can be judged
  std::vector<fs::path> files;
  Sha256 hash;

 private:
  Place place_of(const toml::source_region& region) const {
    return {shown_.string(), int(region.begin.line), int(region.begin.column), folder_};
  }
  ManifestNode node_of(const toml::node& node);
  void add_members(ManifestNode& parent, const toml::table& table);
  Json scalar_of(const toml::node& node);
  void use_canonical_names(ManifestNode& root);
  std::vector<ManifestNode> read_includes(const ManifestNode& root);

  fs::path shown_, folder_;
  std::vector<fs::path> open_;  // from the first file to the one being read
};

// Members of `over` replace those of `base`; tables merge.
void merge(ManifestNode& base, const ManifestNode& over) {
  for (const ManifestNode& member : over.children) {
    const auto old = std::find_if(base.children.begin(), base.children.end(),
                                  [&](const ManifestNode& n) { return n.key == member.key; });
    if (old == base.children.end())
      base.children.push_back(member);
    else if (old->kind == ManifestNode::Kind::table && member.kind == ManifestNode::Kind::table)
      merge(*old, member);
    else
      *old = member;
  }
}

Json Reader::scalar_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* real = node.as_floating_point()) {
    if (std::isfinite(real->get())) return real->get();
    problems.push_back({place_of(node.source()).text(), "is not finite", "", "Give a number."});
    return 0;
  }
  if (const auto* flag = node.as_boolean()) return flag->get();
  problems.push_back({place_of(node.source()).text(), "is a date or a time",
                      "no key of a manifest takes one", "Write it as text, in quotes?"});
  return "";
}

ManifestNode Reader::node_of(const toml::node& node) {
  ManifestNode out;
  out.place = out.key_place = place_of(node.source());
  if (const toml::table* table = node.as_table()) {
    out.kind = ManifestNode::Kind::table;
    add_members(out, *table);
  } else if (const toml::array* array = node.as_array()) {
    out.kind = ManifestNode::Kind::list;
    for (const toml::node& item : *array) out.children.push_back(node_of(item));
  } else {
    out.value = scalar_of(node);
  }
  return out;
}

// toml++ sorts members by name; a grid's axes have the order of the file.
void Reader::add_members(ManifestNode& parent, const toml::table& table) {
  for (const auto& [key, value] : table) {
    ManifestNode member = node_of(value);
    member.key = std::string(key.str());
    member.key_place = place_of(key.source());
    parent.children.push_back(std::move(member));
  }
  std::stable_sort(parent.children.begin(), parent.children.end(),
                   [](const ManifestNode& a, const ManifestNode& b) {
                     return std::pair(a.key_place.line, a.key_place.column) <
                            std::pair(b.key_place.line, b.key_place.column);
                   });
}

void Reader::use_canonical_names(ManifestNode& root) {
  for (ManifestNode& table : root.children) {
    if (table.kind != ManifestNode::Kind::table) continue;
    std::set<std::string> seen;
    for (ManifestNode& member : table.children) {
      const Json value = member.kind == ManifestNode::Kind::value ? member.value : Json();
      const KeyAndValue word = canonical_word(table.key + "." + member.key, value);
      const std::string name = word.key.substr(word.key.find('.') + 1);
      if (name != member.key) member.written = member.key;
      member.key = name;
      if (member.kind == ManifestNode::Kind::value) member.value = word.value;
      if (!seen.insert(name).second)
        problems.push_back({member.key_place.text() + ": " + table.key + "." +
                                (member.written.empty() ? name : member.written),
                            "says " + table.key + "." + name + " a second time",
                            "one key has one value", "Remove one of them."});
    }
  }
}

std::vector<ManifestNode> Reader::read_includes(const ManifestNode& root) {
  std::vector<ManifestNode> included;
  const ManifestNode* include = root.find("include");
  if (include == nullptr) return included;
  std::vector<ManifestNode> entries = include->children;
  if (include->kind == ManifestNode::Kind::value) entries = {*include};
  if (include->kind == ManifestNode::Kind::table)
    problems.push_back({include->place.text() + ": include", "is no list of files", "",
                        "Write include = [\"base.toml\"]."});
  else
    for (const ManifestNode& entry : entries) {
      if (!entry.value.is_string()) {
        problems.push_back({entry.place.text() + ": include", "an entry is no text", "",
                            "Write include = [\"base.toml\"]."});
        continue;
      }
      const fs::path written = entry.value.get<std::string>(), shown = shown_, folder = folder_;
      included.push_back(read(folder / written, (shown.parent_path() / written).lexically_normal(),
                              entry.place.text()));
      shown_ = shown, folder_ = folder;
    }
  return included;
}

ManifestNode Reader::read(const fs::path& path, const fs::path& shown,
                          const std::string& asked_at) {
  ManifestNode root;
  root.kind = ManifestNode::Kind::table;
  const fs::path file = fs::weakly_canonical(path);
  if (std::find(open_.begin(), open_.end(), file) != open_.end()) {
    problems.push_back(
        {asked_at + ": include", shown.string() + " includes itself", "", "Break the cycle."});
    return readable = false, root;
  }
  if (files.size() >= kMostFiles) {
    problems.push_back({asked_at + ": include", "is one file too many", "",
                        "Include at most " + std::to_string(kMostFiles) + " files."});
    return readable = false, root;
  }
  const Checked<std::string> text = read_text_file(file);
  if (!text) {
    for (Problem problem : text.problems()) {
      problem.where = shown.string();
      problems.push_back(asked_at.empty() ? problem : placed(problem, asked_at + ": include"));
    }
    return readable = false, root;
  }
  shown_ = shown, folder_ = file.parent_path();
  files.push_back(file);
  hash.update(std::to_string(text.value().size()) + "\n").update(text.value());
  try {
    const toml::table table = toml::parse(std::string_view(text.value()), shown.string());
    add_members(root, table);
  } catch (const toml::parse_error& error) {
    problems.push_back(
        {place_of(error.source()).text(), "is no TOML", std::string(error.description()), ""});
    return readable = false, root;
  }
  use_canonical_names(root);
  open_.push_back(file);
  const std::vector<ManifestNode> included = read_includes(root);
  open_.pop_back();
  std::erase_if(root.children, [](const ManifestNode& n) { return n.key == "include"; });
  if (included.empty()) return root;
  ManifestNode merged = included.front();
  for (std::size_t i = 1; i < included.size(); ++i) merge(merged, included[i]);
  merge(merged, root);
  return merged;
}

}  // namespace

std::string Place::text() const {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

const ManifestNode* ManifestNode::find(std::string_view name) const {
  for (const ManifestNode& child : children)
    if (child.key == name) return &child;
  return nullptr;
}

Json ManifestNode::json() const {
  if (kind == Kind::value) return value;
  Json out = kind == Kind::table ? Json::object() : Json::array();
  for (const ManifestNode& child : children)
    if (kind == Kind::table)
      out[child.key] = child.json();
    else
      out.push_back(child.json());
  return out;
}

Checked<Manifest> read_manifest(const fs::path& path) {
  Reader reader;
  Manifest manifest;
  manifest.root = reader.read(fs::absolute(path), path, "");
  if (!reader.readable) return reader.problems;
  manifest.problems = reader.problems;
  manifest.files = reader.files;
  manifest.sha256 = reader.hash.hex();
  return manifest;
}

}  // namespace temper
