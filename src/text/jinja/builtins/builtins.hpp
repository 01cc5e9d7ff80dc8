// Filters, tests, methods and global functions: one table each.
//
//   call_builtin(*find_filter("replace"), interpreter, subject, arguments)
#pragma once

#include <span>
#include <string_view>

#include "text/jinja/value.hpp"

namespace temper::jinja {

class Interpreter;

struct Builtin {
  std::string_view name;
  std::string_view parameters;  // "old new count"; those after "|" are optional; "*": as they come
  Value (*call)(Interpreter& run, const Value& subject, Arguments& arguments);
};

const Builtin* find_filter(std::string_view name);
const Builtin* find_test(std::string_view name);
const Builtin* find_global(std::string_view name);
// The method of this value's type; null when there is none.
const Builtin* find_method(const Value& subject, std::string_view name);
// Methods that would change a list or dict: chat templates may not call them.
bool changes_its_object(const Value& subject, std::string_view name);

// Binds the arguments to the parameters first: an optional one not given is Undefined without why.
Value call_builtin(const Builtin& builtin, Interpreter& run, const Value& subject,
                   Arguments arguments);

// Used among the tables.
const Builtin* find_in(std::span<const Builtin> table, std::string_view name);
std::span<const Builtin> sequence_filters();
std::span<const Builtin> text_methods();
std::span<const Builtin> list_methods();
std::span<const Builtin> dict_methods();
const Text& text_argument(const Value& value);  // throws for what is no string
// str.replace; count < 0: all. What replaces a match comes from where the match came from.
Text replaced(Budget& budget, const Text& text, const Text& old, const Text& by,
              std::int64_t count);

}  // namespace temper::jinja
