// Methods of strings, lists and dicts.
#include <unicode/uchar.h>

#include <algorithm>

#include "text/jinja/builtins/builtins.hpp"
#include "text/jinja/interpreter.hpp"
#include "text/jinja/operators.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper::jinja {

namespace {

constexpr auto npos = std::string::npos;

const Text& own(const Value& subject) { return *subject.as<Text>(); }

template <bool left, bool right>
Value strip_method(Interpreter& run, const Value& subject, Arguments& arguments) {
  const Value& set = arguments.positional[0];
  run.budget.spend(std::int64_t(own(subject).size()));
  const bool spaces = set.undefined() || set.as<None>();
  return make_text(strip(own(subject), spaces ? nullptr : &text_argument(set).bytes, left, right));
}

// Where the white space at `at` ends.
std::size_t after_space(std::string_view text, std::size_t at) {
  for (std::size_t next = at; at < text.size(); at = next)
    if (!is_python_space(next_code_point(text, next))) break;
  return at;
}

List split_at_space(const Text& text, std::int64_t most) {
  List parts;
  for (std::size_t at = after_space(text.bytes, 0); at < text.size();) {
    std::size_t end = at;
    if (most-- == 0) {
      parts.push_back(make_text(text.part(at, text.size())));
      break;
    }
    for (std::size_t next = end; end < text.size(); end = next)
      if (is_python_space(next_code_point(text.bytes, next))) break;
    parts.push_back(make_text(text.part(at, end)));
    at = after_space(text.bytes, end);
  }
  return parts;
}

template <bool from_right>
Value split(Interpreter& run, const Value& subject, Arguments& arguments) {
  const Text& text = own(subject);
  const Value& separator = arguments.positional[0];
  const std::int64_t most = whole_number(arguments.positional[1]).value_or(-1);
  run.budget.spend(std::int64_t(text.size()) * 2);
  if (separator.undefined() || separator.as<None>()) {
    if (from_right && most >= 0) throw TemplateError("rsplit needs a separator");
    return make_sequence(split_at_space(text, most));
  }
  const std::string& at = text_argument(separator).bytes;
  if (at.empty()) throw TemplateError("split by an empty separator");
  List parts;
  std::size_t begin = 0, end = text.size();
  while (most < 0 || std::int64_t(parts.size()) < most) {
    run.budget.spend_elements();
    const std::size_t found = from_right
                                  ? end < at.size() ? npos : text.bytes.rfind(at, end - at.size())
                                  : text.bytes.find(at, begin);
    if (found == npos) break;
    parts.push_back(
        make_text(from_right ? text.part(found + at.size(), end) : text.part(begin, found)));
    (from_right ? end : begin) = from_right ? found : found + at.size();
  }
  parts.push_back(make_text(text.part(begin, end)));
  if (from_right) std::ranges::reverse(parts);
  return make_sequence(std::move(parts));
}

Value splitlines(Interpreter& run, const Value& subject, Arguments& arguments) {
  const Text& text = own(subject);
  const bool keep = is_true(arguments.positional[0]);
  List lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = at;
    const char32_t c = next_code_point(text.bytes, at);
    run.budget.spend(2);
    if (!((c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
          c == 0x2029))
      continue;
    if (c == '\r' && at < text.size() && text.bytes[at] == '\n') ++at;
    lines.push_back(make_text(text.part(begin, keep ? at : end)));
    begin = at;
  }
  if (begin < text.size()) lines.push_back(make_text(text.part(begin, text.size())));
  return make_sequence(std::move(lines));
}

template <bool at_end>
Value starts(Interpreter& run, const Value& subject, Arguments& arguments) {
  const Value& what = arguments.positional[0];
  const List parts = what.as<Sequence>() ? elements(run.budget, what) : List{what};
  return {std::ranges::any_of(parts, [&](const Value& part) {
    const std::string &text = own(subject).bytes, &affix = text_argument(part).bytes;
    return at_end ? text.ends_with(affix) : text.starts_with(affix);
  })};
}

template <bool at_end>
Value removed(Interpreter& run, const Value& subject, Arguments& arguments) {
  if (!std::get<bool>(starts<at_end>(run, subject, arguments).held)) return subject;
  const std::size_t cut = text_argument(arguments.positional[0]).size(), all = own(subject).size();
  return make_text(own(subject).part(at_end ? 0 : cut, at_end ? all - cut : all));
}

Value replace_method(Interpreter& run, const Value& subject, Arguments& arguments) {
  const List& given = arguments.positional;
  return make_text(replaced(run.budget, own(subject), text_argument(given[0]),
                            text_argument(given[1]), whole_number(given[2]).value_or(-1)));
}

bool not_cased(char32_t c) { return !u_hasBinaryProperty(UChar32(c), UCHAR_CASED); }

template <Case how>
Value case_method(Interpreter& run, const Value& subject, Arguments&) {
  run.budget.spend(std::int64_t(own(subject).size()) * 8);
  return make_text(change_case(own(subject), how, not_cased));
}

Value join_method(Interpreter& run, const Value& subject, Arguments& arguments) {
  Text result;
  bool first = true;
  for (const Value& item : elements(run.budget, arguments.positional[0])) {
    if (!std::exchange(first, false)) run.budget.add(result, own(subject));
    run.budget.add(result, text_argument(item));
  }
  return make_text(std::move(result));
}

template <bool from_right>
Value find_method_of_text(Interpreter& run, const Value& subject, Arguments& arguments) {
  const std::string &text = own(subject).bytes,
                    &part = text_argument(arguments.positional[0]).bytes;
  run.budget.spend(std::int64_t(text.size()));
  const std::size_t at = from_right ? text.rfind(part) : text.find(part);
  return {at == npos ? std::int64_t(-1) : count_code_points(std::string_view(text).substr(0, at))};
}

Value count_in_text(Interpreter& run, const Value& subject, Arguments& arguments) {
  const std::string &text = own(subject).bytes,
                    &part = text_argument(arguments.positional[0]).bytes;
  run.budget.spend(std::int64_t(text.size()));
  if (part.empty()) return {count_code_points(text) + 1};
  std::int64_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != npos; at += part.size()) ++count;
  return {count};
}

template <bool (*holds)(char32_t)>
Value all_are(Interpreter& run, const Value& subject, Arguments&) {
  const std::string& text = own(subject).bytes;
  run.budget.spend(std::int64_t(text.size()));
  for (std::size_t at = 0; at < text.size();)
    if (!holds(next_code_point(text, at))) return {false};
  return {!text.empty()};
}
bool is_digit(char32_t c) { return u_isdigit(UChar32(c)); }
bool is_alpha(char32_t c) { return u_isalpha(UChar32(c)); }
bool is_alnum(char32_t c) { return u_isalnum(UChar32(c)); }

constexpr Builtin kText[] = {
    {"strip", "| chars", strip_method<true, true>},
    {"lstrip", "| chars", strip_method<true, false>},
    {"rstrip", "| chars", strip_method<false, true>},
    {"split", "| sep maxsplit", split<false>},
    {"rsplit", "| sep maxsplit", split<true>},
    {"splitlines", "| keepends", splitlines},
    {"startswith", "prefix", starts<false>},
    {"endswith", "suffix", starts<true>},
    {"removeprefix", "prefix", removed<false>},
    {"removesuffix", "suffix", removed<true>},
    {"replace", "old new | count", replace_method},
    {"upper", "", case_method<Case::upper>},
    {"lower", "", case_method<Case::lower>},
    {"capitalize", "", case_method<Case::capitalize>},
    {"title", "", case_method<Case::title>},
    {"join", "iterable", join_method},
    {"find", "sub", find_method_of_text<false>},
    {"rfind", "sub", find_method_of_text<true>},
    {"count", "sub", count_in_text},
    {"isdigit", "", all_are<is_digit>},
    {"isalpha", "", all_are<is_alpha>},
    {"isalnum", "", all_are<is_alnum>},
    {"isspace", "", all_are<is_python_space>},
};

Value index_in_list(Interpreter& run, const Value& subject, Arguments& arguments) {
  const List& items = subject.as<Sequence>()->items;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (equal(run.budget, items[i], arguments.positional[0])) return {std::int64_t(i)};
  throw TemplateError("index of what is not in the list");
}

Value count_in_list(Interpreter& run, const Value& subject, Arguments& arguments) {
  return {std::int64_t(std::ranges::count_if(subject.as<Sequence>()->items, [&](const Value& item) {
    return equal(run.budget, item, arguments.positional[0]);
  }))};
}

constexpr Builtin kList[] = {{"index", "value", index_in_list}, {"count", "value", count_in_list}};

enum class View { items, keys, values };
template <View what>
Value view(Interpreter& run, const Value& subject, Arguments&) {
  List items;
  for (const auto& [key, value] : subject.as<Dict>()->items) {
    run.budget.spend_elements();
    items.push_back(what == View::keys     ? key
                    : what == View::values ? value
                                           : make_sequence({key, value}, SequenceKind::tuple));
  }
  return make_sequence(std::move(items), SequenceKind::view);
}

Value get(Interpreter& run, const Value& subject, Arguments& arguments) {
  const Value* found = find(run.budget, *subject.as<Dict>(), arguments.positional[0]);
  const Value& fallback = arguments.positional[1];
  const auto* missing = fallback.as<Undefined>();
  return found ? *found : missing && !missing->why ? Value{None{}} : fallback;
}

Value copy(Interpreter&, const Value& subject, Arguments&) { return subject; }

constexpr Builtin kDict[] = {
    {"items", "", view<View::items>},
    {"keys", "", view<View::keys>},
    {"values", "", view<View::values>},
    {"get", "key | default", get},
    {"copy", "", copy},
};

}  // namespace

std::span<const Builtin> text_methods() { return kText; }
std::span<const Builtin> list_methods() { return kList; }
std::span<const Builtin> dict_methods() { return kDict; }

Text replaced(Budget& budget, const Text& text, const Text& old, const Text& by,
              std::int64_t count) {
  Text result;
  std::size_t done = 0;
  budget.spend(std::int64_t(text.size()));
  for (std::size_t at = 0; count != 0; --count) {
    const std::size_t found = old.size() ? text.bytes.find(old.bytes, at) : at;
    if (found == npos || found > text.size()) break;
    budget.add(result, text.part(done, found));
    Text put = by;
    if (old.size()) std::ranges::fill(put.origins, text.origins[found]);
    budget.add(result, put);
    done = found + old.size();
    at = done;
    if (old.size()) continue;
    if (at == text.size()) break;
    next_code_point(text.bytes, at);
  }
  budget.add(result, text.part(done, text.size()));
  return result;
}

}  // namespace temper::jinja
