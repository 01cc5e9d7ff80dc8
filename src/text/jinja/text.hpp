// Strings that remember where each byte came from, cut by code points as Python cuts them.
//
//   Text line("user: ");              // the template's own characters: origin 0
//   line.append("hi", 7);             // characters of source 7
//   line.part(4, 8).origins           // 0 0 7 7
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace temper::jinja {

// What a template does that it may not do; the interpreter knows the line.
struct TemplateError : std::runtime_error {
  explicit TemplateError(const std::string& what, int at = 0, bool by_template = false)
      : std::runtime_error(what), line(at), raised(by_template) {}
  int line;
  bool raised;  // by raise_exception
};

using Origin = char32_t;
inline constexpr Origin kTemplate = 0;
inline constexpr Origin kGenerated = Origin(1) << 30;  // set inside {% generation %}

struct Text {
  std::string bytes;       // UTF-8
  std::u32string origins;  // one for each byte

  Text() = default;
  explicit Text(std::string_view text, Origin origin = kTemplate)
      : bytes(text), origins(text.size(), origin) {}
  std::size_t size() const { return bytes.size(); }
  void append(const Text& other);
  void append(std::string_view text, Origin origin);
  Text part(std::size_t begin, std::size_t end) const;  // byte offsets at code points
};

// What a rendering may cost, under a second: 64 for a node of the template, 16 for an element of a
// list, 1 for a byte.
struct Budget {
  std::int64_t left = std::int64_t(1) << 26;
  void spend(std::int64_t cost) {
    if ((left -= cost) < 0) throw TemplateError("does more work than a chat template may do");
  }
  void spend_node() { spend(64); }
  void spend_elements(std::size_t count = 1) { spend(16 * std::int64_t(count)); }
  void add(Text& out, const Text& more) { spend(std::int64_t(more.size())), out.append(more); }
};

bool is_python_space(char32_t c);  // str.isspace
std::int64_t count_code_points(std::string_view text);
std::size_t byte_offset(std::string_view text, std::int64_t code_points);
// Without the code points of `set` (null: white space) at the chosen ends.
Text strip(const Text& text, const std::string* set, bool left, bool right);
enum class Case { upper, lower, capitalize, title };
// `title_after` tells for Case::title whether a word begins after a code point.
Text change_case(const Text& text, Case how, bool (*title_after)(char32_t) = nullptr);

}  // namespace temper::jinja
