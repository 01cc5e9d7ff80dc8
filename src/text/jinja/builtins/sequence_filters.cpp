// Filters over the elements of sequences and mappings.
#include <algorithm>
#include <charconv>

#include "text/jinja/builtins/builtins.hpp"
#include "text/jinja/interpreter.hpp"
#include "text/jinja/operators.hpp"

namespace temper::jinja {

namespace {

bool given(const Value& value) { return !value.undefined() && !value.as<None>(); }
Value generator(List items) { return make_sequence(std::move(items), SequenceKind::generator); }

// "a.b.0" of a value, as the attribute arguments of filters name it.
Value path_of(Interpreter& run, Value value, const Value& path) {
  if (whole_number(path)) return run.item(value, path);
  std::string_view rest = text_argument(path).bytes;
  while (true) {
    const std::size_t end = std::min(rest.find('.'), rest.size());
    const std::string part(rest.substr(0, end));
    const bool number = !part.empty() && part.find_first_not_of("0123456789") == part.npos;
    std::int64_t index = 0;
    if (number) std::from_chars(part.data(), part.data() + part.size(), index);
    value = run.item(value, number ? Value{index} : make_text(part));
    if (end == rest.size()) return value;
    rest.remove_prefix(end + 1);
  }
}

// What sorting and comparing filters look at: the attribute, strings without regard to case.
Value key_of(Interpreter& run, const Value& value, const Value& path, const Value& case_sensitive) {
  Value key = given(path) ? path_of(run, value, path) : value;
  const auto* text = key.as<Text>();
  if (!text || is_true(case_sensitive)) return key;
  run.budget.spend(std::int64_t(text->size()) * 8);
  return make_text(change_case(*text, Case::lower));
}

Value join(Interpreter& run, const Value& subject, Arguments& arguments) {
  const Text separator = run.text_of(arguments.positional[0]);
  const Value& path = arguments.positional[1];
  Text result;
  bool first = true;
  for (const Value& item : elements(run.budget, subject)) {
    if (!std::exchange(first, false)) run.budget.add(result, separator);
    run.budget.add(result, run.text_of(given(path) ? path_of(run, item, path) : item));
  }
  return make_text(std::move(result));
}

List subject_items(Interpreter& run, const Value& subject) {
  return elements(run.budget, call_builtin(*find_method(subject, "items"), run, subject, {}));
}

Value items(Interpreter& run, const Value& subject, Arguments&) {
  if (subject.undefined()) return generator({});
  if (!subject.as<Dict>()) throw TemplateError("items needs a mapping, not " + type_name(subject));
  return generator(subject_items(run, subject));
}

Value dictsort(Interpreter& run, const Value& subject, Arguments& arguments) {
  const List& a = arguments.positional;
  if (!subject.as<Dict>())
    throw TemplateError("dictsort needs a mapping, not " + type_name(subject));
  List pairs = subject_items(run, subject);
  const bool by_value = given(a[1]) && run.text_of(a[1]).bytes == "value";
  const Value at{std::int64_t(by_value)};
  std::ranges::stable_sort(pairs, [&](const Value& x, const Value& y) {
    const Value p = key_of(run, x, at, a[0]), q = key_of(run, y, at, a[0]);
    return is_true(a[2]) ? less(run.budget, q, p) : less(run.budget, p, q);
  });
  return make_sequence(std::move(pairs));
}

Value sort(Interpreter& run, const Value& subject, Arguments& arguments) {
  const List& a = arguments.positional;
  List all = elements(run.budget, subject);
  std::ranges::stable_sort(all, [&](const Value& x, const Value& y) {
    const Value p = key_of(run, x, a[2], a[1]), q = key_of(run, y, a[2], a[1]);
    return is_true(a[0]) ? less(run.budget, q, p) : less(run.budget, p, q);
  });
  return make_sequence(std::move(all));
}

template <bool largest>
Value extreme(Interpreter& run, const Value& subject, Arguments& arguments) {
  const List& a = arguments.positional;
  const List all = elements(run.budget, subject);
  if (all.empty()) return make_undefined("No aggregated item, sequence was empty.");
  const Value* best = &all[0];
  for (const Value& item : all) {
    const Value p = key_of(run, item, a[1], a[0]), q = key_of(run, *best, a[1], a[0]);
    if (largest ? less(run.budget, q, p) : less(run.budget, p, q)) best = &item;
  }
  return *best;
}

Value unique(Interpreter& run, const Value& subject, Arguments& arguments) {
  List kept, keys;
  for (const Value& item : elements(run.budget, subject)) {
    Value key = key_of(run, item, arguments.positional[1], arguments.positional[0]);
    if (std::ranges::any_of(keys, [&](const Value& old) { return equal(run.budget, old, key); }))
      continue;
    kept.push_back(item);
    keys.push_back(std::move(key));
  }
  return generator(std::move(kept));
}

Value sum(Interpreter& run, const Value& subject, Arguments& arguments) {
  const List& a = arguments.positional;
  Value total = given(a[1]) ? a[1] : Value{std::int64_t(0)};
  for (const Value& item : elements(run.budget, subject))
    total = apply_operator(run.budget, "+", total, given(a[0]) ? path_of(run, item, a[0]) : item);
  return total;
}

Value first(Interpreter& run, const Value& subject, Arguments&) {
  const List all = elements(run.budget, subject);
  return all.empty() ? make_undefined("No first item, sequence was empty.") : all.front();
}

Value last(Interpreter& run, const Value& subject, Arguments&) {
  const List all = elements(run.budget, subject);
  return all.empty() ? make_undefined("No last item, sequence was empty.") : all.back();
}

Value list(Interpreter& run, const Value& subject, Arguments&) {
  return make_sequence(elements(run.budget, subject));
}

Value reverse(Interpreter& run, const Value& subject, Arguments&) {
  List all = elements(run.budget, subject);
  std::ranges::reverse(all);
  if (!subject.as<Text>()) return generator(std::move(all));
  Text result;
  for (const Value& item : all) result.append(*item.as<Text>());
  return make_text(std::move(result));
}

Value map(Interpreter& run, const Value& subject, Arguments& arguments) {
  List result;
  Arguments rest = arguments;
  const bool by_path = rest.positional.empty();
  const Builtin* filter = nullptr;
  Value path, fallback;
  if (by_path) {
    for (const auto& [name, value] : rest.named)
      if (name == "attribute")
        path = value;
      else if (name == "default")
        fallback = value;
      else
        throw TemplateError("map takes no argument '" + name + "'");
    if (!given(path)) throw TemplateError("map needs a filter or an attribute");
  } else {
    const std::string name = text_argument(rest.positional[0]).bytes;
    filter = find_filter(name);
    if (!filter) throw TemplateError("no filter is named '" + name + "'");
    rest.positional.erase(rest.positional.begin());
  }
  for (const Value& item : elements(run.budget, subject)) {
    Value mapped = by_path ? path_of(run, item, path) : call_builtin(*filter, run, item, rest);
    result.push_back(mapped.undefined() && given(fallback) ? fallback : std::move(mapped));
  }
  return generator(std::move(result));
}

template <bool keep, bool by_attribute>
Value select(Interpreter& run, const Value& subject, Arguments& arguments) {
  Arguments rest = arguments;
  const auto take = [&] {
    if (rest.positional.empty()) throw TemplateError("selectattr needs an attribute");
    Value value = rest.positional.front();
    rest.positional.erase(rest.positional.begin());
    return value;
  };
  const Value path = by_attribute ? take() : Value{};
  const Builtin* test = nullptr;
  if (!rest.positional.empty()) {
    const std::string name = text_argument(take()).bytes;
    test = find_test(name);
    if (!test) throw TemplateError("no test is named '" + name + "'");
  }
  List kept;
  for (const Value& item : elements(run.budget, subject)) {
    const Value seen = by_attribute ? path_of(run, item, path) : item;
    if (is_true(test ? call_builtin(*test, run, seen, rest) : seen) == keep) kept.push_back(item);
  }
  return generator(std::move(kept));
}

constexpr Builtin kFilters[] = {
    {"dictsort", "| case_sensitive by reverse", dictsort},
    {"first", "", first},
    {"items", "", items},
    {"join", "| d attribute", join},
    {"last", "", last},
    {"list", "", list},
    {"map", "*", map},
    {"max", "| case_sensitive attribute", extreme<true>},
    {"min", "| case_sensitive attribute", extreme<false>},
    {"reject", "*", select<false, false>},
    {"rejectattr", "*", select<false, true>},
    {"reverse", "", reverse},
    {"select", "*", select<true, false>},
    {"selectattr", "*", select<true, true>},
    {"sort", "| reverse case_sensitive attribute", sort},
    {"sum", "| attribute start", sum},
    {"unique", "| case_sensitive attribute", unique},
};

}  // namespace

std::span<const Builtin> sequence_filters() { return kFilters; }

}  // namespace temper::jinja
