// Patterns of tokenizer.json on PCRE2 with JIT. `\s`, `\d`, `\w` are rewritten to Unicode
// properties, since engines disagree on them; a pattern that runs away meets a limit and throws
// BadInput.
//
//   const Regex digits(R"(\p{N}{1,3})", fields, "pattern.Regex");
//   RegexScratch scratch;                       // one for each thread
//   Regex::Match match;
//   while (digits.find(text, at, scratch, match)) ...
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "text/tokenizer/json_fields.hpp"

namespace temper {

class RegexScratch {
 public:
  RegexScratch();
  ~RegexScratch();
  RegexScratch(const RegexScratch&) = delete;
  RegexScratch& operator=(const RegexScratch&) = delete;

  struct Buffers;
  Buffers& buffers();  // made when they are first needed

 private:
  std::unique_ptr<Buffers> buffers_;
};

class Regex {
 public:
  struct Match {
    std::size_t begin, end;
  };

  // Throws BadInput that names `key` of `fields` for a pattern that does not compile.
  Regex(std::string_view pattern, const JsonFields& fields, const std::string& key);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  // The first match at or after `from` in valid UTF-8.
  bool find(std::string_view text, std::size_t from, RegexScratch& scratch, Match& match) const;

  // Calls `use(begin, end)` for every match, left to right. An empty match right behind the match
  // before it does not count.
  template <class Use>
  void for_each(std::string_view text, RegexScratch& scratch, Use use) const {
    constexpr std::size_t kNone = ~std::size_t(0);
    std::size_t from = 0, last_end = kNone;
    for (Match match; from <= text.size() && find(text, from, scratch, match);) {
      if (match.begin == match.end && match.end == last_end) {
        from = after(text, from);
        continue;
      }
      from = last_end = match.end;
      use(match.begin, match.end);
    }
  }

 private:
  static std::size_t after(std::string_view text, std::size_t at);

  struct Code;
  std::unique_ptr<Code> code_;
};

// The `pattern` of a step: a text to be found as it is, or a Regex.
class Pattern {
 public:
  Pattern() = default;
  // Of `fields`: {"String": s} or {"Regex": r}. Throws BadInput.
  static Pattern read(const JsonFields& fields);

  // Calls `use(begin, end)` for every match, left to right.
  template <class Use>
  void for_each(std::string_view text, RegexScratch& scratch, Use use) const {
    if (regex_) return regex_->for_each(text, scratch, use);
    if (literal_.empty()) return;
    for (std::size_t at = text.find(literal_); at != std::string_view::npos;
         at = text.find(literal_, at + literal_.size()))
      use(at, at + literal_.size());
  }

 private:
  std::string literal_;
  std::optional<Regex> regex_;
};

}  // namespace temper
