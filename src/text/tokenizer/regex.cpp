#include "text/tokenizer/regex.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <new>

#include "core/problem.hpp"

#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

constexpr std::uint32_t kMatchLimit = 20'000'000, kDepthLimit = 100'000, kHeapLimitKib = 65'536;
constexpr std::size_t kJitStackBytes = 1 << 20;
constexpr std::size_t kLongestPattern = 1 << 16;

// The superscripts and fractions are words to the engine of the reference.
const std::string kWordClass =
    "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";

// The property that stands for the class after a backslash; empty for one that stays.
std::string property_of(char letter, bool in_class) {
  switch (letter) {
    case 's':
      return "\\p{White_Space}";
    case 'S':
      return "\\P{White_Space}";
    case 'd':
      return "\\p{Nd}";
    case 'D':
      return "\\P{Nd}";
    case 'h':
      return in_class ? "0-9a-fA-F" : "[0-9a-fA-F]";
    case 'w':
      return in_class ? kWordClass : "[" + kWordClass + "]";
    case 'W':
      return in_class ? "" : "[^" + kWordClass + "]";
    default:
      return "";
  }
}

std::string to_pcre2(std::string_view pattern, const JsonFields& fields, const std::string& key) {
  std::string rewritten;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char letter = pattern[++i];
      if (letter == 'H' || (letter == 'W' && in_class) || (letter == 'K'))
        fields.fail(key, std::string("\\") + letter + " is not supported yet here");
      const std::string property = property_of(letter, in_class);
      rewritten += !property.empty() ? property : std::string{'\\', letter};
      continue;
    }
    if (c == '[' && in_class && (i + 1 >= pattern.size() || pattern[i + 1] != ':'))
      fields.fail(key, "a class inside a class is not supported yet");
    if (c == '&' && in_class && i + 1 < pattern.size() && pattern[i + 1] == '&')
      fields.fail(key, "the intersection of classes is not supported yet");
    if (c == '[' && in_class) {  // [:name:]
      const std::size_t end = pattern.find(":]", i + 2);
      if (end == std::string_view::npos) fields.fail(key, "\"[:\" without \":]\"");
      rewritten.append(pattern, i, end + 2 - i);
      i = end + 1;
      continue;
    }
    if (c == '[') {
      in_class = true;
      rewritten += c;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') rewritten += pattern[++i];
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') rewritten += "\\]", ++i;
      continue;
    }
    if (c == ']') in_class = false;
    rewritten += c;
  }
  return rewritten;
}

std::string error_text(int code) {
  std::string text(256, '\0');
  const int length =
      pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(text.data()), text.size());
  text.resize(length > 0 ? std::size_t(length) : 0);
  return text;
}

}  // namespace

struct RegexScratch::Buffers {
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_jit_stack* stack = pcre2_jit_stack_create(32 << 10, kJitStackBytes, nullptr);
  ~Buffers() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_jit_stack_free(stack);
  }
};

RegexScratch::RegexScratch() = default;
RegexScratch::~RegexScratch() = default;

RegexScratch::Buffers& RegexScratch::buffers() {
  if (buffers_) return *buffers_;
  auto made = std::make_unique<Buffers>();
  if (!made->data || !made->context) throw std::bad_alloc();
  pcre2_set_match_limit(made->context, kMatchLimit);
  pcre2_set_depth_limit(made->context, kDepthLimit);
  pcre2_set_heap_limit(made->context, kHeapLimitKib);
  if (made->stack) pcre2_jit_stack_assign(made->context, nullptr, made->stack);
  buffers_ = std::move(made);
  return *buffers_;
}

struct Regex::Code {
  pcre2_code* compiled = nullptr;
  std::string pattern;
  ~Code() { pcre2_code_free(compiled); }
};

Regex::Regex(std::string_view pattern, const JsonFields& fields, const std::string& key)
    : code_(std::make_unique<Code>()) {
  if (pattern.size() > kLongestPattern)
    fields.fail(key, "the pattern has " + std::to_string(pattern.size()) + " bytes",
                "at most " + std::to_string(kLongestPattern) + " are allowed");
  code_->pattern = to_pcre2(pattern, fields, key);
  int error = 0;
  std::size_t offset = 0;
  code_->compiled =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(code_->pattern.data()), code_->pattern.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
  if (code_->compiled == nullptr)
    fields.fail(key, "bad pattern at byte " + std::to_string(offset), error_text(error));
  pcre2_jit_compile(code_->compiled, PCRE2_JIT_COMPLETE);  // without JIT it is only slower
}
Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

bool Regex::find(std::string_view text, std::size_t from, RegexScratch& scratch,
                 Match& match) const {
  RegexScratch::Buffers& buffers = scratch.buffers();
  const auto run = [&](std::uint32_t options) {
    return pcre2_match(code_->compiled, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                       from, PCRE2_NO_UTF_CHECK | options, buffers.data, buffers.context);
  };
  int found = run(0);
  if (found == PCRE2_ERROR_JIT_STACKLIMIT) found = run(PCRE2_NO_JIT);
  if (found == PCRE2_ERROR_NOMATCH) return false;
  if (found < 0)
    throw BadInput(Problem{"text, byte " + std::to_string(from),
                           "the tokenizer's pattern gave up: " + error_text(found),
                           "limits keep one text from taking the whole run", ""});
  const std::size_t* ends = pcre2_get_ovector_pointer(buffers.data);
  match = {ends[0], ends[1]};
  return true;
}

std::size_t Regex::after(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size() + 1;
  next_code_point(text, at);
  return at;
}

Pattern Pattern::read(const JsonFields& fields) {
  const JsonFields object = fields.object("pattern");
  Pattern pattern;
  if (object.has("String")) {
    pattern.literal_ = object.text("String");
  } else if (object.has("Regex")) {
    pattern.regex_.emplace(object.text("Regex"), object, "Regex");
  } else {
    object.fail("", "neither \"String\" nor \"Regex\"");
  }
  return pattern;
}

}  // namespace temper
