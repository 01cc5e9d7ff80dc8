#include "experiments/wn24/definitions.hpp"

#include <algorithm>
#include <array>
#include <istream>

#include "core/digest.hpp"
#include "core/problem.hpp"

namespace temper {
namespace {

constexpr int kFirstClass = 3;
constexpr std::array<std::string_view, 26> kClasses{
    "noun.Tops",     "noun.act",        "noun.animal",        "noun.artifact",   "noun.attribute",
    "noun.body",     "noun.cognition",  "noun.communication", "noun.event",      "noun.feeling",
    "noun.food",     "noun.group",      "noun.location",      "noun.motive",     "noun.object",
    "noun.person",   "noun.phenomenon", "noun.plant",         "noun.possession", "noun.process",
    "noun.quantity", "noun.relation",   "noun.shape",         "noun.state",      "noun.substance",
    "noun.time"};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// "02121620 05 n 01 cat 0 ...": the next field; `line` is what follows it.
std::string_view take_field(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

std::string_view definition_of(std::string_view gloss) {
  std::string_view definition = trimmed(gloss.substr(0, gloss.find('"')));
  while (definition.ends_with(';'))
    definition = trimmed(definition.substr(0, definition.size() - 1));
  return definition;
}

bool all_digits(std::string_view text, std::size_t size) {
  return text.size() == size &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool read_noun(std::string_view line, Definition& row) {
  const std::size_t bar = line.find(" | ");
  if (bar == std::string_view::npos) return false;
  const std::string_view gloss = line.substr(bar + 3);
  const std::string_view offset = take_field(line), number = take_field(line);
  const std::string_view part_of_speech = take_field(line);
  take_field(line);  // how many words
  const std::string_view word = take_field(line);
  if (!all_digits(offset, 8) || !all_digits(number, 2) || part_of_speech != "n") return false;
  row.lexicographer = (number[0] - '0') * 10 + (number[1] - '0');
  row.id = "n" + std::string(offset);
  row.term = word;
  std::replace(row.term.begin(), row.term.end(), '_', ' ');
  row.definition = definition_of(gloss);
  return !word.empty() && !noun_class(row.lexicographer).empty();
}

// "  14 WordNet 3.0 Copyright ..." without its number.
std::string notice_line(std::string_view line) {
  line = trimmed(line);
  line.remove_prefix(std::min(line.find_first_not_of("0123456789"), line.size()));
  return std::string(trimmed(line)) + "\n";
}

}  // namespace

Nouns read_nouns(std::istream& file, const std::string& name) {
  constexpr std::size_t kMostProblems = 10;
  Nouns nouns;
  Problems problems;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with("  ")) {
      nouns.license += notice_line(line);
      continue;
    }
    Definition row;
    if (read_noun(line, row))
      nouns.rows.push_back(std::move(row));
    else if (problems.size() < kMostProblems)
      problems.push_back({name + ":" + std::to_string(number), "no noun of WordNet",
                          "expected \"offset number n count word ... | gloss\"",
                          "Is this the data.noun of WordNet 3.0?"});
  }
  if (nouns.rows.empty() && problems.empty())
    problems.push_back({name, "holds no nouns", "", "Is this the data.noun of WordNet 3.0?"});
  if (!problems.empty()) throw BadInput(std::move(problems));
  return nouns;
}

std::string_view noun_class(int lexicographer) {
  const int index = lexicographer - kFirstClass;
  return index >= 0 && index < static_cast<int>(kClasses.size())
             ? kClasses[static_cast<std::size_t>(index)]
             : std::string_view();
}

std::vector<int> classes_of_task(std::string_view task) {
  if (task == "wn8") return {4, 5, 6, 10, 15, 18, 20, 26};
  std::vector<int> numbers;
  if (task != "wn24" && task != "wn25") return numbers;
  constexpr int kMotive = 16, kLast = 28;
  for (int n = kFirstClass + 1; n <= kLast; ++n)
    if (n != kMotive || task == "wn25") numbers.push_back(n);
  return numbers;
}

std::string split_key(std::string_view definition) {
  std::string key = "wn3|";
  bool within = false, first = true;
  for (const char c : definition) {
    if (is_word(c) && !within && !first) key += ' ';
    within = is_word(c);
    if (!within) continue;
    key += lower(c);
    first = false;
  }
  return key;
}

double split_position(std::string_view key) {
  const std::string hex = sha256_hex(key);
  return static_cast<double>(std::stoul(hex.substr(0, 8), nullptr, 16)) / 4294967296.0;
}

Split split_at(double position) {
  return position < 0.8 ? Split::train : position < 0.9 ? Split::validation : Split::test;
}

}  // namespace temper
