// The `normalizer` of tokenizer.json: steps that rewrite the text before it is cut.
//
//   const Normalizer normalizer = read_normalizer(root);      // {"type": "Lowercase"}
//   normalizer.apply("Hello", scratch)                        // "hello", a view into the scratch
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/regex.hpp"
#include "text/tokenizer/rewriting/origins.hpp"
#include "text/tokenizer/rewriting/precompiled.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

struct NormalizerScratch {
  std::string text, spare;
  std::u32string points, more_points;
  GraphemeBreaks graphemes;
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
  precompiled,
};

struct NormalizerStep {
  NormalizerKind kind;
  NormalForm form = NormalForm::nfc;
  BertCleaner bert;
  bool strip_left = false, strip_right = false;
  Pattern pattern;      // replace
  std::string content;  // replace, prepend
  Precompiled charsmap;

  // Appends what becomes of `text`.
  void apply(std::string_view text, NormalizerScratch& scratch, RegexScratch& patterns,
             std::string& out) const;
  // The same, with account of where each byte came from.
  void apply_traced(std::string_view text, NormalizerScratch& scratch, RegexScratch& patterns,
                    Rewrite& out) const;
  Span stripped(std::string_view text) const;  // strip: what is left
};

// Throws BadInput for a rewritten text that is too long to go on with.
void check_length(std::string_view text);

class Normalizer {
 public:
  explicit Normalizer(std::vector<NormalizerStep> steps) : steps_(std::move(steps)) {}
  bool is_empty() const { return steps_.empty(); }
  // Valid until the scratch or `text` changes.
  std::string_view apply(std::string_view text, NormalizerScratch& scratch,
                         RegexScratch& patterns) const;
  // The same text; `origins`, of `text`, are kept up.
  std::string_view apply_traced(std::string_view text, NormalizerScratch& scratch,
                                RegexScratch& patterns, Origins& origins) const;

 private:
  std::vector<NormalizerStep> steps_;
};

// Of the file's root object. Throws BadInput.
Normalizer read_normalizer(const JsonFields& root);

}  // namespace temper
