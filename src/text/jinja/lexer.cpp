#include "text/jinja/lexer.hpp"

#include <algorithm>
#include <cstring>

#include "text/jinja/text.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper::jinja {

namespace {

constexpr std::string_view kSymbols[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                         "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                         ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_digit(c) || c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z'); }

// Newlines as "\n"; the last one is dropped.
std::string normal_newlines(std::string_view source) {
  std::string result;
  for (std::size_t i = 0; i < source.size(); ++i)
    if (source[i] != '\r')
      result += source[i];
    else if (i + 1 == source.size() || source[i + 1] != '\n')
      result += '\n';
  if (!result.empty() && result.back() == '\n') result.pop_back();
  return result;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(normal_newlines(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) read_data();
    push(TokenKind::end, "end of template");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw TemplateError(what, line_); }

  void push(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  void move_to(std::size_t to) {
    line_ += int(std::count(source_.begin() + std::ptrdiff_t(at_),
                            source_.begin() + std::ptrdiff_t(to), '\n'));
    at_ = to;
  }

  bool looking_at(std::string_view text, std::size_t at) const {
    return std::string_view(source_).substr(std::min(at, source_.size())).starts_with(text);
  }

  std::size_t after_space(std::size_t at) const {
    for (std::size_t next = at; at < source_.size(); at = next)
      if (!is_python_space(next_code_point(source_, next))) break;
    return at;
  }

  // Moves behind the end tag at `end`; a minus before it takes the white space after it, a plus
  // keeps the newline that a block or comment takes.
  void pass_end(std::size_t end, bool takes_newline) {
    const char sign = end > at_ ? source_[end - 1] : ' ';
    std::size_t after = end + 2;
    if (sign == '-')
      after = after_space(after);
    else if (sign != '+' && takes_newline && looking_at("\n", after))
      ++after;
    move_to(after);
  }

  // What stands between `from` and the tag at `open`, which has the sign behind it.
  void push_data(std::size_t from, std::size_t open, char sign, bool is_output) {
    std::string data = source_.substr(from, open - from);
    const std::size_t line_begin = data.rfind('\n') + 1;  // 0 without one
    const bool from_line_begin = line_begin > 0 || from == 0 || source_[from - 1] == '\n';
    const auto blank = [](const std::string& text) {
      return strip(Text(text), nullptr, true, false).size() == 0;
    };
    if (sign == '-')
      data = strip(Text(data), nullptr, false, true).bytes;
    else if (sign != '+' && !is_output && from_line_begin && blank(data.substr(line_begin)))
      data.resize(line_begin);
    if (!data.empty()) push(TokenKind::data, data);
  }

  char sign_at(std::size_t at) const {
    return at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at] : ' ';
  }

  void read_data() {
    std::size_t open = source_.find('{', at_);
    while (open != std::string::npos &&
           (open + 1 == source_.size() || !std::strchr("{%#", source_[open + 1])))
      open = source_.find('{', open + 1);
    if (open == std::string::npos) {
      push(TokenKind::data, source_.substr(at_));
      return move_to(source_.size());
    }
    const char kind = source_[open + 1], sign = sign_at(open + 2);
    push_data(at_, open, sign, kind == '{');
    move_to(open + (sign == ' ' ? 2 : 3));
    if (kind == '#') return skip_comment();
    if (kind == '%' && read_raw()) return;
    push(kind == '{' ? TokenKind::output_begin : TokenKind::block_begin, "start of a tag");
    read_expression(kind == '{' ? '}' : '%');
  }

  void skip_comment() {
    const std::size_t end = source_.find("#}", at_);
    if (end == std::string::npos) fail("a comment has no end");
    pass_end(end, true);
  }

  // The tag's end when the tag at `at` holds nothing but `word`.
  std::size_t end_of(std::string_view word, std::size_t at) const {
    at = after_space(at);
    if (!looking_at(word, at)) return std::string::npos;
    at = after_space(at + word.size());
    if (sign_at(at) != ' ') ++at;
    return looking_at("%}", at) ? at : std::string::npos;
  }

  bool read_raw() {
    const std::size_t end = end_of("raw", at_);
    if (end == std::string::npos) return false;
    pass_end(end, false);
    for (std::size_t open = at_; (open = source_.find("{%", open)) != std::string::npos; ++open) {
      const char sign = sign_at(open + 2);
      const std::size_t close = end_of("endraw", open + (sign == ' ' ? 2 : 3));
      if (close == std::string::npos) continue;
      push_data(at_, open, sign, false);
      move_to(open + 2);
      return pass_end(close, true), true;
    }
    fail("raw has no endraw");
  }

  void read_expression(char closing) {
    const std::string close{closing, '}'};
    std::string open_brackets;
    for (;;) {
      move_to(after_space(at_));
      if (at_ >= source_.size()) fail("a tag has no end");
      const bool signed_end = source_[at_] == '-' || (closing == '%' && source_[at_] == '+');
      if (const std::size_t end = at_ + signed_end;
          open_brackets.empty() && looking_at(close, end)) {
        push(closing == '}' ? TokenKind::output_end : TokenKind::block_end, "end of the tag");
        return pass_end(end, closing == '%');
      }
      read_token(open_brackets);
    }
  }

  void read_token(std::string& open_brackets) {
    const char c = source_[at_];
    if (is_digit(c)) return read_number();
    if (is_name(c)) {
      std::size_t end = at_;
      while (end < source_.size() && is_name(source_[end])) ++end;
      push(TokenKind::name, source_.substr(at_, end - at_));
      return move_to(end);
    }
    if (c == '"' || c == '\'') return read_text(c);
    const auto* symbol = std::find_if(std::begin(kSymbols), std::end(kSymbols),
                                      [&](auto text) { return looking_at(text, at_); });
    if (symbol == std::end(kSymbols)) fail("unexpected character '" + std::string(1, c) + "'");
    if (std::strchr("([{", c)) open_brackets += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (std::strchr(")]}", c)) {
      if (open_brackets.empty() || open_brackets.back() != c)
        fail("unexpected '" + std::string(1, c) + "'");
      open_brackets.pop_back();
    }
    push(TokenKind::symbol, std::string(*symbol));
    move_to(at_ + symbol->size());
  }

  void read_number() {
    std::string digits;
    std::size_t end = at_;
    const auto read_digits = [&] {
      for (; end < source_.size() && (is_digit(source_[end]) || source_[end] == '_'); ++end)
        if (source_[end] != '_') digits += source_[end];
    };
    const auto digit_at = [&](std::size_t at) {
      return at < source_.size() && is_digit(source_[at]);
    };
    read_digits();
    bool real = false;
    if (looking_at(".", end) && digit_at(end + 1)) digits += source_[end++], real = true;
    read_digits();
    if (looking_at("e", end) || looking_at("E", end))
      if (const std::size_t first = end + 1 + (sign_at(end + 1) != ' '); digit_at(first)) {
        digits += source_.substr(end, first - end), end = first, real = true;
        read_digits();
      }
    push(real ? TokenKind::real : TokenKind::integer, digits);
    move_to(end);
  }

  void read_text(char quote) {
    std::string text;
    std::size_t at = at_ + 1;
    while (at < source_.size() && source_[at] != quote)
      if (source_[at] == '\\' && at + 1 < source_.size())
        at = read_escape(at + 1, text);
      else
        text += source_[at++];
    if (at >= source_.size()) fail("a string has no end");
    push(TokenKind::text, std::move(text));
    move_to(at + 1);
  }

  // Python's escapes; an unknown one stands for itself.
  std::size_t read_escape(std::size_t at, std::string& text) {
    static constexpr std::string_view kLetters = "abfnrtv\\'\"", kMeant = "\a\b\f\n\r\t\v\\'\"";
    const char letter = source_[at];
    if (const std::size_t i = kLetters.find(letter); i != kLetters.npos)
      return text += kMeant[i], at + 1;
    if (letter == '\n') return at + 1;
    const bool octal = letter >= '0' && letter < '8';
    const std::size_t most = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 3;
    if (most == 3 && !octal) return text += '\\', at;
    std::size_t end = octal ? at : at + 1;
    char32_t code = 0;
    for (const std::size_t last = end + most; end < last && end < source_.size(); ++end) {
      const char c = source_[end];
      const int digit = is_digit(c)                          ? c - '0'
                        : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                             : 16;
      if (digit >= (octal ? 8 : 16)) break;
      code = code * (octal ? 8 : 16) + char32_t(digit);
    }
    if ((!octal && end != at + 1 + most) || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      fail("a string with a broken escape");
    append_utf8(code, text);
    return end;
  }

  std::string source_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view source) { return Lexer(source).run(); }

}  // namespace temper::jinja
