// Expressions of templates by Jinja's grammar; statements build on it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/lexer.hpp"
#include "text/jinja/syntax.hpp"

namespace temper::jinja {

class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view source) : tokens_(tokens_of(source)) {}

 protected:
  // Counts how deep the parser has called itself; throws beyond what chat templates need.
  struct Nested {
    explicit Nested(ExpressionParser& parser);
    ~Nested() { --depth; }
    int& depth;
  };

  const Token& now() const { return tokens_[at_]; }
  const Token& next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool at(TokenKind kind, std::string_view text) const {
    return now().kind == kind && now().text == text;
  }
  bool at_word(std::string_view word) const { return at(TokenKind::name, word); }
  bool at_symbol(std::string_view symbol) const { return at(TokenKind::symbol, symbol); }
  bool skip_word(std::string_view word) { return at_word(word) && (++at_, true); }
  bool skip_symbol(std::string_view symbol) { return at_symbol(symbol) && (++at_, true); }
  [[noreturn]] void fail(const std::string& what) const;
  Token expect(TokenKind kind, const std::string& what);
  void expect_symbol(std::string_view symbol);
  // Sets the depth of a node whose children are in place.
  static Node made(Node node);
  Node make(NodeKind kind, std::string name, std::vector<Node> parts) const;

  Node tuple(bool conditional, bool may_be_empty = false);
  Node expression();
  Node disjunction();
  Node primary();
  Node filters(Node subject);  // an absent subject stands for a block's text
  Node filter(Node subject);
  Node call_arguments(Node node);
  Node target(bool attribute_too);  // what a set or for assigns to
  std::vector<std::pair<std::string, Node>> parameters();

 private:
  Node conjunction();
  Node negation();
  Node comparison();
  Node binary(std::size_t level);
  Node unary(bool with_filters);
  Node postfix(Node node);
  Node subscript(Node node);
  Node test(Node subject);
  Node brackets();

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace temper::jinja
