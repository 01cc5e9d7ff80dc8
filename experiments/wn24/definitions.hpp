// WordNet's nouns as rows of a classification task: which class of noun does a definition describe?
//
//   read_nouns(file) of the line
//     02121620 05 n 01 cat 0 ... | feline mammal usually having thick soft fur; "a black cat"
//   gives {"n02121620", "cat", "feline mammal usually having thick soft fur", 5}: noun.animal.
//
// The split is a function of the definition's words alone: equal definitions never part, and rows
// that are added move none that was there.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace temper {

struct Definition {
  std::string id;          // "n" and the offset in data.noun
  std::string term;        // first word of the synset, blanks for underscores
  std::string definition;  // the gloss up to its first example, without a trailing ';'
  int lexicographer = 0;   // number of the lexicographer file, 3 to 28
};

struct Nouns {
  std::string license;  // the notice that opens the file
  std::vector<Definition> rows;
};

// WordNet's data.noun. Throws BadInput with every line that is none of its format, at most ten.
Nouns read_nouns(std::istream& file, const std::string& name);

// "noun.act" for 4; "" for a number that is no class of nouns.
std::string_view noun_class(int lexicographer);

// The lexicographer numbers of "wn24" (all nouns without Tops and motive), "wn25" (with motive) or
// "wn8" (the eight largest); empty for another name.
std::vector<int> classes_of_task(std::string_view task);

// What two definitions share when they are split together: "wn3|a feline mammal" for
// "A feline, mammal".
std::string split_key(std::string_view definition);

// Where in [0, 1) the key lies: the first four bytes of its SHA-256.
// "wn3|a feline mammal" lies at 0.7620323.
double split_position(std::string_view key);

// Eight tenths train, one validation, one test.
enum class Split { train, validation, test };
Split split_at(double position);

}  // namespace temper
