// Filters: what stands after `|`.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/jinja/builtins/builtins.hpp"
#include "text/jinja/interpreter.hpp"
#include "text/jinja/operators.hpp"

namespace temper::jinja {

namespace {

bool given(const Value& value) { return !value.undefined() && !value.as<None>(); }

Value length(Interpreter&, const Value& subject, Arguments&) {
  if (const auto* text = subject.as<Text>()) return {count_code_points(text->bytes)};
  if (const auto* dict = subject.as<Dict>()) return {std::int64_t(dict->items.size())};
  if (const auto* loop = subject.as<std::shared_ptr<Loop>>())
    return {std::int64_t((*loop)->items.size())};
  const auto* sequence = subject.as<Sequence>();
  if (sequence && sequence->kind != SequenceKind::generator)
    return {std::int64_t(sequence->items.size())};
  if (subject.undefined()) return {std::int64_t(0)};
  throw TemplateError(type_name(subject) + " has no length");
}

Value default_filter(Interpreter&, const Value& subject, Arguments& arguments) {
  const List& a = arguments.positional;
  if (!subject.undefined() && !(is_true(a[1]) && !is_true(subject))) return subject;
  const auto* missing = a[0].as<Undefined>();
  return missing && !missing->why ? make_text("") : a[0];
}

template <Case how>
Value case_filter(Interpreter& run, const Value& subject, Arguments&) {
  const Text text = run.text_of(subject);
  run.budget.spend(std::int64_t(text.size()) * 8);
  return make_text(change_case(text, how, [](char32_t c) {
    return is_python_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  }));
}

Value trim(Interpreter& run, const Value& subject, Arguments& arguments) {
  const Value& set = arguments.positional[0];
  const Text text = run.text_of(subject);
  run.budget.spend(std::int64_t(text.size()));
  return make_text(strip(text, given(set) ? &text_argument(set).bytes : nullptr, true, true));
}

Value string(Interpreter& run, const Value& subject, Arguments&) {
  return subject.as<Text>() ? subject : make_text(run.text_of(subject));
}

Value replace(Interpreter& run, const Value& subject, Arguments& arguments) {
  const List& a = arguments.positional;
  return make_text(replaced(run.budget, run.text_of(subject), run.text_of(a[0]), run.text_of(a[1]),
                            whole_number(a[2]).value_or(-1)));
}

Value indent(Interpreter& run, const Value& subject, Arguments& arguments) {
  const List& a = arguments.positional;
  const std::int64_t width = whole_number(a[0]).value_or(4);
  run.budget.spend(width);
  const Text by = a[0].as<Text>()
                      ? *a[0].as<Text>()
                      : Text(std::string(std::size_t(std::max<std::int64_t>(width, 0)), ' '));
  const Text text = run.text_of(subject);
  Text result;
  for (std::size_t begin = 0, line = 0; begin <= text.size(); ++line) {
    const std::size_t end = std::min(text.bytes.find('\n', begin), text.size());
    if (line) run.budget.add(result, Text("\n"));
    if (line ? end > begin || is_true(a[2]) : is_true(a[1])) run.budget.add(result, by);
    run.budget.add(result, text.part(begin, end));
    begin = end + 1;
  }
  return make_text(std::move(result));
}

// Python's float(): the number a text holds between white space.
std::optional<double> parsed(const Value& value) {
  const auto* text = value.as<Text>();
  if (!text) return real_number(value);
  const std::string bare = strip(*text, nullptr, true, true).bytes;
  const std::size_t sign = bare.starts_with('+');
  double number = 0;
  const char* end = bare.data() + bare.size();
  const auto [rest, error] = std::from_chars(bare.data() + sign, end, number);
  if (error != std::errc() || rest != end) return {};
  return number;
}

Value integer(Interpreter&, const Value& subject, Arguments& arguments) {
  if (subject.undefined()) fail_undefined(subject);
  if (const auto whole = whole_number(subject)) return {*whole};
  if (const auto* text = subject.as<Text>()) {  // exact where a double is not
    const std::string bare = strip(*text, nullptr, true, true).bytes;
    std::int64_t whole = 0;
    const char *begin = bare.data() + bare.starts_with('+'), *end = bare.data() + bare.size();
    const auto [rest, error] = std::from_chars(begin, end, whole);
    if (error == std::errc() && rest == end) return {whole};
  }
  if (const auto number = parsed(subject); number && std::abs(*number) < 9e18)
    return {std::int64_t(*number)};
  const Value& fallback = arguments.positional[0];
  return given(fallback) ? fallback : Value{std::int64_t(0)};
}

Value real(Interpreter&, const Value& subject, Arguments& arguments) {
  if (subject.undefined()) fail_undefined(subject);
  if (const auto number = parsed(subject)) return {*number};
  return given(arguments.positional[0]) ? arguments.positional[0] : Value{0.0};
}

Value absolute(Interpreter& run, const Value& subject, Arguments&) {
  return less(run.budget, subject, {std::int64_t(0)})
             ? apply_operator(run.budget, "-", {std::int64_t(0)}, subject)
             : subject;
}

Value round_filter(Interpreter& run, const Value& subject, Arguments& arguments) {
  const auto number = real_number(subject);
  if (!number) throw TemplateError("round needs a number, not " + type_name(subject));
  const std::string how = given(arguments.positional[1])
                              ? run.text_of(arguments.positional[1]).bytes
                              : std::string("common");
  const double unit = std::pow(10.0, double(whole_number(arguments.positional[0]).value_or(0)));
  const double scaled = *number * unit;
  return {(how == "ceil"    ? std::ceil(scaled)
           : how == "floor" ? std::floor(scaled)
                            : std::nearbyint(scaled)) /
          unit};
}

Value attr(Interpreter& run, const Value& subject, Arguments& arguments) {
  return subject.as<Dict>() ? make_undefined("a dict has no such attribute")
                            : run.attribute(subject, text_argument(arguments.positional[0]).bytes);
}

Value tojson(Interpreter& run, const Value& subject, Arguments& arguments) {
  const List& a = arguments.positional;
  JsonStyle style;
  style.ensure_ascii = is_true(a[0]);
  style.lines = given(a[1]);
  if (const auto* text = a[1].as<Text>()) style.indent = text->bytes;
  if (const auto width = whole_number(a[1])) {
    if (*width > 100) throw TemplateError("an indent of more than 100");
    style.indent = std::string(std::size_t(std::max<std::int64_t>(*width, 0)), ' ');
  }
  if (style.lines) style.item_separator = ",";
  if (given(a[2])) {
    const List two = elements(run.budget, a[2]);
    if (two.size() != 2) throw TemplateError("tojson needs two separators");
    style.item_separator = text_argument(two[0]).bytes;
    style.key_separator = text_argument(two[1]).bytes;
  }
  style.sort_keys = is_true(a[3]);
  Text out;
  write_json(run.budget, subject, style, 0, out);
  return make_text(std::move(out));
}

constexpr Builtin kFilters[] = {
    {"abs", "", absolute},
    {"attr", "name", attr},
    {"capitalize", "", case_filter<Case::capitalize>},
    {"count", "", length},
    {"d", "| default_value boolean", default_filter},
    {"default", "| default_value boolean", default_filter},
    {"float", "| default", real},
    {"indent", "| width first blank", indent},
    {"int", "| default", integer},
    {"length", "", length},
    {"lower", "", case_filter<Case::lower>},
    {"replace", "old new | count", replace},
    {"round", "| precision method", round_filter},
    {"safe", "", string},
    {"string", "", string},
    {"title", "", case_filter<Case::title>},
    {"tojson", "| ensure_ascii indent separators sort_keys", tojson},
    {"trim", "| chars", trim},
    {"upper", "", case_filter<Case::upper>},
};

}  // namespace

const Builtin* find_filter(std::string_view name) {
  const Builtin* found = find_in(kFilters, name);
  return found ? found : find_in(sequence_filters(), name);
}

}  // namespace temper::jinja
