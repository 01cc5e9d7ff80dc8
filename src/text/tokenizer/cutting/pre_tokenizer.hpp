// The `pre_tokenizer` of tokenizer.json: steps that cut text into words.
//
//   const PreTokenizer cutter = read_pre_tokenizer(root);   // {"type": "BertPreTokenizer"}
//   pieces.text = "hello, world";
//   cutter.apply(pieces, patterns);                         // spans of: hello | , | world
#pragma once

#include <string>
#include <vector>

#include "text/tokenizer/cutting/splitting.hpp"
#include "text/tokenizer/regex.hpp"

namespace temper {

enum class PreTokenizerKind {
  byte_level,
  split,
  bert,
  digits,
  punctuation,
  whitespace,
  whitespace_split,
  metaspace,
  runs_of_mark,  // see cut_before()
};

enum class PrependScheme { always, first, never };

struct PreTokenizerStep {
  PreTokenizerKind kind;
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;
  Pattern pattern;                                   // split
  bool add_prefix_space = false, use_regex = false;  // byte_level
  bool leaves_bytes = false;                         // byte_level: see leave_bytes()
  bool individual_digits = false;
  std::string replacement;  // metaspace; runs_of_mark: the mark
  PrependScheme prepend = PrependScheme::always;
  bool split = true;
};

class PreTokenizer {
 public:
  explicit PreTokenizer(std::vector<PreTokenizerStep> steps) : steps_(std::move(steps)) {}
  // Fills `pieces.spans` with the words of `pieces.text`. The text may be replaced by one in
  // `pieces.buffer`.
  void apply(Pieces& pieces, RegexScratch& patterns) const;
  // From now on words are left as bytes where the last step, ByteLevel, would map them to its
  // alphabet. False when the last step is another one.
  bool leave_bytes();
  // From now on words are also cut where `mark` follows another character.
  void cut_before(char32_t mark);

 private:
  std::vector<PreTokenizerStep> steps_;
};

// Of the file's root object. Throws BadInput.
PreTokenizer read_pre_tokenizer(const JsonFields& root);

}  // namespace temper
