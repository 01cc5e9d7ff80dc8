// The operands of expressions: literals, subscripts, calls, filters, tests; what is assigned to.
#include <charconv>
#include <cstdlib>

#include "text/jinja/builtins/builtins.hpp"
#include "text/jinja/parser.hpp"

namespace temper::jinja {

namespace {

template <class Number>
Value number_value(const Token& token) {
  Number number{};
  const char* end = token.text.data() + token.text.size();
  const auto [rest, error] = std::from_chars(token.text.data(), end, number);
  if constexpr (std::is_floating_point_v<Number>)
    if (error == std::errc::result_out_of_range) return {std::strtod(token.text.c_str(), nullptr)};
  if (error != std::errc() || rest != end)
    throw TemplateError("the number " + token.text + " is too large", token.line);
  return {number};
}

}  // namespace

Node ExpressionParser::primary() {
  const Token token = now();
  Node node{.kind = NodeKind::constant, .line = token.line};
  if (token.kind == TokenKind::symbol) return brackets();
  if (token.kind == TokenKind::name) {
    take();
    const std::string& word = token.text;
    if (word == "true" || word == "True" || word == "false" || word == "False")
      node.value = {word == "true" || word == "True"};
    else if (word == "none" || word == "None")
      node.value = {None{}};
    else
      node.kind = NodeKind::name, node.name = word;
  } else if (token.kind == TokenKind::text) {
    std::string text;
    while (now().kind == TokenKind::text) text += take().text;
    node.value = make_text(text);
  } else if (token.kind == TokenKind::integer) {
    node.value = number_value<std::int64_t>(take());
  } else if (token.kind == TokenKind::real) {
    node.value = number_value<double>(take());
  } else {
    fail("unexpected '" + token.text + "'");
  }
  return node;
}

Node ExpressionParser::brackets() {
  if (skip_symbol("(")) {
    Node node = tuple(true, true);
    expect_symbol(")");
    return node;
  }
  const bool is_dict = at_symbol("{");
  const std::string close = is_dict ? "}" : "]";
  if (!is_dict && !at_symbol("[")) fail("unexpected '" + now().text + "'");
  take();
  std::vector<Node> items;
  while (!at_symbol(close)) {
    items.push_back(expression());
    if (is_dict) {
      expect_symbol(":");
      items.push_back(expression());
    }
    if (!at_symbol(close)) expect_symbol(",");
  }
  take();
  return make(is_dict ? NodeKind::dict : NodeKind::list, "", std::move(items));
}

Node ExpressionParser::postfix(Node node) {
  for (;;)
    if (skip_symbol(".")) {
      if (now().kind == TokenKind::integer)
        node = make(NodeKind::item, "", {std::move(node), primary()});
      else
        node = make(NodeKind::attribute, expect(TokenKind::name, "a name").text, {std::move(node)});
    } else if (skip_symbol("[")) {
      node = subscript(std::move(node));
    } else if (at_symbol("(")) {
      node = call_arguments(make(NodeKind::call, "", {std::move(node)}));
    } else {
      return node;
    }
}

Node ExpressionParser::subscript(Node node) {
  std::vector<Node> bounds;
  bool slice = false;
  while (!at_symbol("]")) {
    if (skip_symbol(":")) {
      if (bounds.empty() || slice) bounds.emplace_back();
      slice = true;
      continue;
    }
    bounds.push_back(expression());
    if (!at_symbol("]") && !at_symbol(":")) expect_symbol("]");
    if (at_symbol(":") && bounds.size() < 3) take(), slice = true;
  }
  take();
  if (bounds.empty() || bounds.size() > 3) fail("a subscript needs one value or a slice");
  if (!slice) return make(NodeKind::item, "", {std::move(node), std::move(bounds[0])});
  bounds.resize(3);
  return make(NodeKind::item, "", {std::move(node), make(NodeKind::slice, "", std::move(bounds))});
}

Node ExpressionParser::call_arguments(Node node) {
  expect_symbol("(");
  while (!skip_symbol(")")) {
    if (now().kind == TokenKind::name && next().kind == TokenKind::symbol && next().text == "=") {
      std::string name = take().text;
      take();
      node.named.emplace_back(std::move(name), expression());
    } else if (at_symbol("*") || at_symbol("**")) {
      const std::string stars = take().text;
      node.parts.push_back(make(NodeKind::spread, stars, {expression()}));
    } else {
      if (!node.named.empty()) fail("an argument without name follows one with a name");
      node.parts.push_back(expression());
    }
    if (!at_symbol(")")) expect_symbol(",");
  }
  return made(std::move(node));
}

Node ExpressionParser::filters(Node node) {
  for (;;)
    if (skip_symbol("|"))
      node = filter(std::move(node));
    else if (skip_word("is"))
      node = test(std::move(node));
    else if (at_symbol("("))
      node = call_arguments(make(NodeKind::call, "", {std::move(node)}));
    else
      return node;
}

Node ExpressionParser::filter(Node subject) {
  Node node =
      make(NodeKind::filter, expect(TokenKind::name, "a filter").text, {std::move(subject)});
  if (!find_filter(node.name)) fail("no filter is named '" + node.name + "'");
  return at_symbol("(") ? call_arguments(std::move(node)) : node;
}

Node ExpressionParser::test(Node subject) {
  const bool negated = skip_word("not");
  Node node = make(NodeKind::test, expect(TokenKind::name, "a test").text, {std::move(subject)});
  if (!find_test(node.name)) fail("no test is named '" + node.name + "'");
  const TokenKind kind = now().kind;
  if (at_symbol("(")) {
    node = call_arguments(std::move(node));
  } else if ((kind == TokenKind::name && !at_word("else") && !at_word("or") && !at_word("and")) ||
             kind == TokenKind::text || kind == TokenKind::integer || kind == TokenKind::real ||
             at_symbol("[") || at_symbol("{")) {
    // "x is none if y": Jinja too takes the next word as the test's argument, except these.
    if (at_word("is")) fail("tests do not chain");
    node.parts.push_back(postfix(primary()));
    node = made(std::move(node));
  }
  return negated ? make(NodeKind::negation, "", {std::move(node)}) : node;
}

Node ExpressionParser::target(bool attribute_too) {
  std::vector<Node> names;
  bool comma = false;
  do {
    if (at_symbol("=") || at_word("in")) break;
    const bool in_brackets = skip_symbol("(");
    if (in_brackets) {
      const Nested nested(*this);
      names.push_back(target(false));
      expect_symbol(")");
    } else {
      names.push_back(make(NodeKind::name, expect(TokenKind::name, "a name").text, {}));
      if (attribute_too && skip_symbol("."))
        names.back() = make(NodeKind::attribute, expect(TokenKind::name, "a name").text,
                            {std::move(names.back())});
    }
    comma = comma || at_symbol(",");
  } while (skip_symbol(","));
  if (names.size() == 1 && !comma) return std::move(names[0]);
  return make(NodeKind::tuple, "", std::move(names));
}

std::vector<std::pair<std::string, Node>> ExpressionParser::parameters() {
  std::vector<std::pair<std::string, Node>> result;
  expect_symbol("(");
  while (!skip_symbol(")")) {
    std::string name = expect(TokenKind::name, "a parameter").text;
    Node value = skip_symbol("=") ? expression() : Node{};
    result.emplace_back(std::move(name), std::move(value));
    if (!at_symbol(")")) expect_symbol(",");
  }
  return result;
}

}  // namespace temper::jinja
