#include "text/jinja/builtins/builtins.hpp"

#include <algorithm>

#include "text/jinja/interpreter.hpp"
#include "text/jinja/operators.hpp"

namespace temper::jinja {

namespace {

// The words of "old new | count".
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Arguments bind(const Builtin& builtin, Arguments given) {
  const std::string name(builtin.name);
  Arguments result;
  std::size_t used = 0;
  bool optional = false;
  for (const std::string_view word : words_of(builtin.parameters)) {
    if (word == "|") {
      optional = true;
      continue;
    }
    const auto named =
        std::ranges::find(given.named, word, [](const auto& pair) { return pair.first; });
    if (used < given.positional.size())
      result.positional.push_back(std::move(given.positional[used++]));
    else if (named != given.named.end())
      result.positional.push_back(std::move(named->second)), given.named.erase(named);
    else if (optional)
      result.positional.emplace_back();
    else
      throw TemplateError(name + " needs its argument '" + std::string(word) + "'");
  }
  if (used < given.positional.size()) throw TemplateError("too many arguments for " + name);
  if (!given.named.empty())
    throw TemplateError(name + " takes no argument '" + given.named[0].first + "'");
  return result;
}

Value cycle(Interpreter&, const Value& subject, Arguments& arguments) {
  const Loop& loop = **subject.as<std::shared_ptr<Loop>>();
  if (arguments.positional.empty()) throw TemplateError("loop.cycle needs values");
  return arguments.positional[loop.at % arguments.positional.size()];
}

Value range(Interpreter& run, const Value&, Arguments& arguments) {
  std::vector<std::int64_t> bounds;
  for (const Value& value : arguments.positional) {
    const auto whole = whole_number(value);
    if (!whole) throw TemplateError("range needs integers, not " + type_name(value));
    bounds.push_back(*whole);
  }
  if (bounds.empty() || bounds.size() > 3) throw TemplateError("range takes one to three integers");
  if (bounds.size() == 1) bounds.insert(bounds.begin(), 0);
  const std::int64_t step = bounds.size() == 3 ? bounds[2] : 1;
  if (step == 0) throw TemplateError("range with step zero");
  List items;
  for (std::int64_t at = bounds[0]; step > 0 ? at < bounds[1] : at > bounds[1];) {
    if (items.size() == 100000) throw TemplateError("range of more than 100000 numbers");
    run.budget.spend_elements();
    items.push_back({at});
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return make_sequence(std::move(items));
}

Pairs pairs_of(Interpreter& run, Arguments& arguments) {
  Pairs pairs;
  const auto set = [&](Value key, Value value) {
    for (auto& [own, old] : pairs)
      if (equal(run.budget, own, key)) return void(old = std::move(value));
    pairs.emplace_back(std::move(key), std::move(value));
  };
  for (const Value& from : arguments.positional)
    if (const auto* dict = from.as<Dict>()) {
      for (const auto& [key, value] : dict->items) set(key, value);
    } else {
      for (const Value& pair : elements(run.budget, from)) {
        const List two = elements(run.budget, pair);
        if (two.size() != 2) throw TemplateError("dict needs pairs");
        set(two[0], two[1]);
      }
    }
  for (auto& [name, value] : arguments.named) set(make_text(name), std::move(value));
  return pairs;
}

Value dict(Interpreter& run, const Value&, Arguments& arguments) {
  return make_dict(pairs_of(run, arguments));
}

Value name_space(Interpreter& run, const Value&, Arguments& arguments) {
  const auto space = std::make_shared<Namespace>();
  for (auto& [key, value] : pairs_of(run, arguments)) {
    std::string name = run.text_of(key).bytes;
    check_namespace_name(name);
    space->names.emplace_back(std::move(name), std::move(value));
  }
  return run.keep(space);
}

Value raise_exception(Interpreter& run, const Value&, Arguments& arguments) {
  throw TemplateError(run.text_of(arguments.positional[0]).bytes, 0, true);
}

Value strftime_now(Interpreter& run, const Value&, Arguments& arguments) {
  const std::string format = run.text_of(arguments.positional[0]).bytes + ".";  // never empty
  std::string text(format.size() * 16 + 256, '\0');
  run.budget.spend(std::int64_t(text.size()));
  text.resize(std::strftime(text.data(), text.size(), format.c_str(), &run.now));
  if (text.empty()) throw TemplateError("strftime_now cannot write the format");
  text.pop_back();
  return make_text(text);
}

constexpr Builtin kGlobals[] = {
    {"range", "*", range},
    {"dict", "*", dict},
    {"namespace", "*", name_space},
    {"raise_exception", "message", raise_exception},
    {"strftime_now", "format", strftime_now},
};
constexpr Builtin kCycle = {"cycle", "*", cycle};

}  // namespace

const Builtin* find_in(std::span<const Builtin> table, std::string_view name) {
  for (const Builtin& builtin : table)
    if (builtin.name == name) return &builtin;
  return nullptr;
}

const Builtin* find_global(std::string_view name) { return find_in(kGlobals, name); }

const Builtin* find_method(const Value& subject, std::string_view name) {
  if (subject.as<std::shared_ptr<Loop>>()) return name == "cycle" ? &kCycle : nullptr;
  if (subject.as<Text>()) return find_in(text_methods(), name);
  if (const auto* sequence = subject.as<Sequence>())
    return sequence->kind <= SequenceKind::tuple ? find_in(list_methods(), name) : nullptr;
  return subject.as<Dict>() ? find_in(dict_methods(), name) : nullptr;
}

bool changes_its_object(const Value& subject, std::string_view name) {
  static constexpr std::string_view kOfLists[] = {"append", "clear", "pop",    "reverse",
                                                  "insert", "sort",  "extend", "remove"};
  static constexpr std::string_view kOfDicts[] = {"clear", "pop", "popitem", "setdefault",
                                                  "update"};
  const auto* sequence = subject.as<Sequence>();
  return (subject.as<Dict>() && std::ranges::count(kOfDicts, name)) ||
         (sequence && sequence->kind == SequenceKind::list && std::ranges::count(kOfLists, name));
}

Value call_builtin(const Builtin& builtin, Interpreter& run, const Value& subject,
                   Arguments arguments) {
  if (builtin.parameters != "*") arguments = bind(builtin, std::move(arguments));
  return builtin.call(run, subject, arguments);
}

const Text& text_argument(const Value& value) {
  if (const auto* text = value.as<Text>()) return *text;
  if (value.undefined()) fail_undefined(value);
  throw TemplateError("a string is needed, not " + type_name(value));
}

}  // namespace temper::jinja
