// The tree of a template.
//
//   const std::vector<Node> body = parse("{{ a + 1 }}");    // output(binary "+"(name a, constant))
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/value.hpp"

namespace temper::jinja {

enum class NodeKind {
  absent,  // a slice's missing bound, a macro's parameter without default
  // expressions; `parts` in the order of writing
  constant,
  name,
  list,
  tuple,
  dict,         // key, value, key, value
  attribute,    // parts[0].name
  item,         // parts[0][parts[1]]
  slice,        // begin, end, step
  call,         // parts[0](the rest, named)
  filter,       // parts[0] | name(the rest, named)
  test,         // parts[0] is name(the rest, named)
  negation,     // not
  sign,         // name: + or -
  binary,       // name: the operator
  compare,      // a < b < c: `named` holds operator and operand
  conjunction,  // and
  disjunction,  // or
  conditional,  // test, yes, no or absent
  spread,       // *parts[0], **parts[0] by name
  // statements
  data,          // value
  output,        // parts[0]
  branch,        // if parts[0] body else others
  loop,          // for parts[0] in parts[1] if parts[2]
  assign,        // parts[0] = parts[1]
  assign_block,  // parts[0] = body | parts[1]
  macro,         // name, named: parameters with defaults; body
  call_block,    // call parts[0] with body as caller; named: its parameters
  filter_block,  // parts[0]: filters over the place of the body
  with,          // named = values
  generation,
  break_loop,
  continue_loop
};

struct Node {
  NodeKind kind = NodeKind::absent;
  int line = 0;
  std::string name = {};
  Value value = {};
  std::vector<Node> parts = {};
  std::vector<std::pair<std::string, Node>> named = {};
  std::vector<Node> body = {}, others = {};
  int depth = 1;
};

// Throws TemplateError with the line: unbalanced tags, unknown filters, nesting over 100.
std::vector<Node> parse(std::string_view source);

}  // namespace temper::jinja
