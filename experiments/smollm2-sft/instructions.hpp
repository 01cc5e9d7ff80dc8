// WordNet's nouns as instructions: "Define the noun: cat." and its definition.
//
//   instructions_of(nouns)[0]    // {"n00017222", "plant", "(botany) a living organism ...", train}
//
// A noun that names more than one thing is left out: its question would have several answers. The
// split is a function of the definition's words alone, so no question and no answer stands in two
// splits, and rows that are added move none.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/wn24/definitions.hpp"

namespace temper {

struct Instruction {
  std::string id, question, answer;
  Split split = Split::train;
  double position = 0;  // split_position of the answer
};

// In the order of the file.
std::vector<Instruction> instructions_of(const Nouns& nouns);

// Those of one split; of more than `most` (0: all) the ones whose positions come first, in the
// order of the file.
std::vector<Instruction> of_split(const std::vector<Instruction>& all, Split split,
                                  std::size_t most);

// One line of JSON: {"id", "messages": [{"role": "user", ...}, {"role": "assistant", ...}]}.
std::string to_line(const Instruction& instruction);

}  // namespace temper
