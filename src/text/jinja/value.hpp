// Values of a template: Python's, as far as chat templates use them. Immutable but for namespaces.
//
//   Value list = make_sequence({Value(std::int64_t(1)), make_text("a")});
//   Budget budget;
//   to_text(budget, list).bytes == "[1, 'a']"
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "text/jinja/text.hpp"

namespace temper::jinja {

struct Value;
using List = std::vector<Value>;
using Pairs = std::vector<std::pair<Value, Value>>;

struct Undefined {
  std::shared_ptr<const std::string> why;  // "'x' is undefined"; null: an argument not given
};
struct None {};
enum class SequenceKind { list, tuple, view, generator };
struct Sequence;
struct Dict;
struct Function;
struct Namespace;
struct Loop;

struct Value {
  std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const Text>,
               std::shared_ptr<const Sequence>, std::shared_ptr<const Dict>,
               std::shared_ptr<const Function>, std::shared_ptr<Namespace>, std::shared_ptr<Loop>>
      held;

  template <class T>
  const T* as() const {
    if constexpr (std::is_same_v<T, Text> || std::is_same_v<T, Sequence> ||
                  std::is_same_v<T, Dict> || std::is_same_v<T, Function>) {
      const auto* pointer = std::get_if<std::shared_ptr<const T>>(&held);
      return pointer ? pointer->get() : nullptr;
    } else {
      return std::get_if<T>(&held);
    }
  }
  bool undefined() const { return as<Undefined>(); }
};

struct Sequence {
  List items;
  SequenceKind kind = SequenceKind::list;
  int depth = 1;
};
struct Dict {
  Pairs items;
  int depth = 1;
  std::int64_t message = -1;  // which message of the conversation this is
};
struct Arguments {
  List positional;
  std::vector<std::pair<std::string, Value>> named;
};
struct Function {
  std::string name;
  std::function<Value(Arguments&)> call;
  int depth = 1;
};
struct Namespace {
  std::vector<std::pair<std::string, Value>> names;
};
struct Loop {
  List items;
  std::size_t at = 0;
  int depth = 1;
  Value last_changed = {};
};

Value make_text(Text text);
Value make_text(std::string_view text);
// Throw when nested deeper than 100: nothing here may recurse without an end.
Value make_sequence(List items, SequenceKind kind = SequenceKind::list);
Value make_dict(Pairs items, std::int64_t message = -1);
int depth_of(const Value& value);

bool is_true(const Value& value);
const Value* find(Budget& budget, const Dict& dict, const Value& key);
bool equal(Budget& budget, const Value& a, const Value& b);
bool contains(Budget& budget, const Value& container, const Value& item);
bool less(Budget& budget, const Value& a, const Value& b);  // throws where Python does
// The elements: of a sequence, the keys of a dict, the code points of a string.
List elements(Budget& budget, const Value& value);
std::string type_name(const Value& value);  // "dict object"
[[noreturn]] void fail_undefined(const Value& value);
Value make_undefined(std::string why);

// str(): a string as it is, everything else as Python prints it.
Text to_text(Budget& budget, const Value& value);
std::string number_text(double number);

struct JsonStyle {
  std::string indent, item_separator = ", ", key_separator = ": ";
  bool lines = false, sort_keys = false, ensure_ascii = false;
};
// json.dumps
void write_json(Budget& budget, const Value& value, const JsonStyle& style, int level, Text& out);

}  // namespace temper::jinja
