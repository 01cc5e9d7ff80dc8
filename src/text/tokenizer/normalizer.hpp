// The `normalizer` of tokenizer.json: steps that rewrite the text before it is cut.
//
//   const Normalizer normalizer = read_normalizer(root);      // {"type": "Lowercase"}
//   normalizer.apply("Hello", scratch)                        // "hello", a view into the scratch
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/regex.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

struct NormalizerScratch {
  std::string text, spare;
  std::u32string points, more_points;
};

// What BertNormalizer does to ASCII: 0 drops the byte.
struct BertCleaner {
  bool clean_text = true, handle_chinese_chars = true, strip_accents = true, lowercase = true;
  std::array<char, 128> ascii{};
};

enum class NormalizerKind {
  form,  // NFC, NFD, NFKC, NFKD
  lowercase,
  strip_accents,
  bert,
  strip,
  replace,
  prepend,
  byte_level,
};

struct NormalizerStep {
  NormalizerKind kind;
  NormalForm form = NormalForm::nfc;
  BertCleaner bert;
  bool strip_left = false, strip_right = false;
  std::string literal;  // replace: what is looked for, when there is no pattern
  std::optional<Regex> pattern;
  std::string content;  // replace, prepend
};

class Normalizer {
 public:
  explicit Normalizer(std::vector<NormalizerStep> steps) : steps_(std::move(steps)) {}
  bool is_empty() const { return steps_.empty(); }
  // Valid until the scratch or `text` changes.
  std::string_view apply(std::string_view text, NormalizerScratch& scratch,
                         RegexScratch& patterns) const;

 private:
  std::vector<NormalizerStep> steps_;
};

// Of the file's root object. Throws BadInput.
Normalizer read_normalizer(const JsonFields& root);

}  // namespace temper
