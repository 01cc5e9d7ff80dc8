#include "text/jinja/parser.hpp"

#include <algorithm>

namespace temper::jinja {

namespace {

constexpr int kDeepest = 100;
// From loose to tight.
const std::vector<std::vector<std::string_view>> kBinary = {
    {"+", "-"}, {"~"}, {"*", "/", "//", "%"}, {"**"}};

}  // namespace

ExpressionParser::Nested::Nested(ExpressionParser& parser) : depth(parser.depth_) {
  if (++depth > kDeepest) {
    --depth;
    parser.fail("nested deeper than " + std::to_string(kDeepest));
  }
}

void ExpressionParser::fail(const std::string& what) const {
  throw TemplateError(what, now().line);
}

Token ExpressionParser::expect(TokenKind kind, const std::string& what) {
  if (now().kind != kind) fail("expected " + what + ", not '" + now().text + "'");
  return take();
}

void ExpressionParser::expect_symbol(std::string_view symbol) {
  if (!skip_symbol(symbol))
    fail("expected '" + std::string(symbol) + "', not '" + now().text + "'");
}

Node ExpressionParser::made(Node node) {
  for (const Node& part : node.parts) node.depth = std::max(node.depth, part.depth + 1);
  for (const auto& pair : node.named) node.depth = std::max(node.depth, pair.second.depth + 1);
  if (node.depth > kDeepest)
    throw TemplateError("an expression of more than " + std::to_string(kDeepest) + " operations",
                        node.line);
  return node;
}

Node ExpressionParser::make(NodeKind kind, std::string name, std::vector<Node> parts) const {
  return made({.kind = kind,
               .line = tokens_[at_ ? at_ - 1 : 0].line,
               .name = std::move(name),
               .parts = std::move(parts)});
}

Node ExpressionParser::tuple(bool conditional, bool may_be_empty) {
  std::vector<Node> items;
  bool comma = false;
  while (now().kind != TokenKind::output_end && now().kind != TokenKind::block_end &&
         !at_symbol(")")) {
    items.push_back(conditional ? expression() : disjunction());
    if (!skip_symbol(",")) break;
    comma = true;
  }
  if (!comma && items.size() == 1) return std::move(items[0]);
  if (!comma && !may_be_empty) fail("expected an expression, not '" + now().text + "'");
  return make(NodeKind::tuple, "", std::move(items));
}

Node ExpressionParser::expression() {
  const Nested nested(*this);
  Node node = disjunction();
  while (skip_word("if")) {
    Node test = disjunction();
    Node other = skip_word("else") ? expression() : Node{};
    node = make(NodeKind::conditional, "", {std::move(test), std::move(node), std::move(other)});
  }
  return node;
}

Node ExpressionParser::disjunction() {
  Node node = conjunction();
  while (skip_word("or")) node = make(NodeKind::disjunction, "", {std::move(node), conjunction()});
  return node;
}

Node ExpressionParser::conjunction() {
  Node node = negation();
  while (skip_word("and")) node = make(NodeKind::conjunction, "", {std::move(node), negation()});
  return node;
}

Node ExpressionParser::negation() {
  const Nested nested(*this);
  if (skip_word("not")) return make(NodeKind::negation, "", {negation()});
  return comparison();
}

Node ExpressionParser::comparison() {
  Node node = make(NodeKind::compare, "", {binary(0)});
  for (;;) {
    std::string name;
    for (const char* symbol : {"==", "!=", "<=", ">=", "<", ">"})
      if (name.empty() && skip_symbol(symbol)) name = symbol;
    if (name.empty() && skip_word("in")) name = "in";
    if (name.empty() && at_word("not") && next().text == "in") {
      take(), take();
      name = "not in";
    }
    if (name.empty()) break;
    node.named.emplace_back(name, binary(0));
  }
  return node.named.empty() ? std::move(node.parts[0]) : made(std::move(node));
}

Node ExpressionParser::binary(std::size_t level) {
  if (level == kBinary.size()) return unary(true);
  Node node = binary(level + 1);
  for (;;) {
    const auto& symbols = kBinary[level];
    if (now().kind != TokenKind::symbol || !std::ranges::count(symbols, now().text)) return node;
    std::string symbol = take().text;
    node = make(NodeKind::binary, std::move(symbol), {std::move(node), binary(level + 1)});
  }
}

Node ExpressionParser::unary(bool with_filters) {
  const Nested nested(*this);
  Node node;
  if (at_symbol("-") || at_symbol("+")) {
    std::string sign = take().text;
    node = make(NodeKind::sign, std::move(sign), {unary(false)});
  } else {
    node = primary();
  }
  node = postfix(std::move(node));
  return with_filters ? filters(std::move(node)) : node;
}

}  // namespace temper::jinja
