#include "experiments/smollm2-sft/instructions.hpp"

#include <algorithm>
#include <map>

#include "core/json.hpp"

namespace temper {

namespace {

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return text;
}

}  // namespace

std::vector<Instruction> instructions_of(const Nouns& nouns) {
  std::map<std::string, int> meanings;
  for (const Definition& noun : nouns.rows) ++meanings[lower_case(noun.term)];
  std::vector<Instruction> all;
  for (const Definition& noun : nouns.rows) {
    if (meanings[lower_case(noun.term)] > 1 || noun.definition.empty()) continue;
    const double position = split_position(split_key(noun.definition));
    all.push_back({noun.id, "Define the noun: " + noun.term + ".", noun.definition,
                   split_at(position), position});
  }
  return all;
}

std::vector<Instruction> of_split(const std::vector<Instruction>& all, Split split,
                                  std::size_t most) {
  std::vector<const Instruction*> chosen;
  for (const Instruction& each : all)
    if (each.split == split) chosen.push_back(&each);
  if (most > 0 && chosen.size() > most) {
    std::stable_sort(chosen.begin(), chosen.end(),
                     [](const auto* a, const auto* b) { return a->position < b->position; });
    chosen.resize(most);
    std::sort(chosen.begin(), chosen.end());  // they lie in the order of the file
  }
  std::vector<Instruction> kept;
  for (const Instruction* each : chosen) kept.push_back(*each);
  return kept;
}

std::string to_line(const Instruction& instruction) {
  const auto message = [](const char* role, const std::string& content) {
    return Json{{"role", role}, {"content", content}};
  };
  return Json{{"id", instruction.id},
              {"messages",
               {message("user", instruction.question), message("assistant", instruction.answer)}}}
             .dump() +
         "\n";
}

}  // namespace temper
