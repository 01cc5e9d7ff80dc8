#include <algorithm>

#include "text/jinja/parser.hpp"

namespace temper::jinja {

namespace {

class StatementParser : ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  std::vector<Node> run() {
    std::vector<Node> body = until({});
    if (now().kind != TokenKind::end) fail("unexpected '" + now().text + "'");
    return body;
  }

 private:
  // Statements up to a block that begins with one of `words`, which is next then.
  std::vector<Node> until(std::initializer_list<std::string_view> words) {
    std::vector<Node> body;
    for (;;) {
      const Token token = now();
      if (token.kind == TokenKind::end) {
        if (words.size()) fail("the template ends before " + std::string(*words.begin()));
        return body;
      }
      take();
      if (token.kind == TokenKind::data) {
        body.push_back(make(NodeKind::data, "", {}));
        body.back().value = make_text(token.text);
      } else if (token.kind == TokenKind::output_begin) {
        body.push_back(make(NodeKind::output, "", {tuple(true)}));
        expect(TokenKind::output_end, "the end of the output");
      } else {
        if (std::ranges::any_of(words, [&](auto word) { return at_word(word); })) return body;
        body.push_back(statement(token.line));
        end_block();
      }
    }
  }

  void end_block() { expect(TokenKind::block_end, "the end of the tag"); }

  std::vector<Node> body(std::initializer_list<std::string_view> words) {
    skip_symbol(":");
    end_block();
    return until(words);
  }

  std::vector<Node> whole_body(std::string_view word) {
    std::vector<Node> result = body({word});
    take();
    return result;
  }

  // Of a block whose text is captured: a loop outside cannot be left from within.
  std::vector<Node> captured_body(std::string_view word) {
    const int loops = std::exchange(loops_, 0);
    std::vector<Node> result = whole_body(word);
    loops_ = loops;
    return result;
  }

  Node statement(int line) {
    const Nested nested(*this);
    const std::string word = expect(TokenKind::name, "a statement").text;
    Node node = word == "if"      ? branch()
                : word == "for"   ? loop()
                : word == "set"   ? assign()
                : word == "macro" ? macro()
                                  : smaller_statement(word);
    node.line = line;
    return node;
  }

  Node smaller_statement(const std::string& word) {
    Node node;
    if (word == "generation") {
      node.kind = NodeKind::generation;
      node.body = captured_body("endgeneration");
    } else if (word == "call") {
      node.kind = NodeKind::call_block;
      if (at_symbol("(")) node.named = parameters();
      node.parts.push_back(expression());
      if (node.parts[0].kind != NodeKind::call) fail("a call block needs a call");
      node.body = captured_body("endcall");
    } else if (word == "filter") {
      node.kind = NodeKind::filter_block;
      node.parts.push_back(filters(filter(Node{})));
      node.body = captured_body("endfilter");
    } else if (word == "with") {
      node.kind = NodeKind::with;
      while (now().kind != TokenKind::block_end) {
        if (!node.named.empty()) expect_symbol(",");
        std::string name = expect(TokenKind::name, "a name").text;
        expect_symbol("=");
        node.named.emplace_back(std::move(name), expression());
      }
      node.body = whole_body("endwith");
    } else if (word == "break" || word == "continue") {
      if (loops_ == 0) fail(word + " stands outside a loop");
      node.kind = word == "break" ? NodeKind::break_loop : NodeKind::continue_loop;
    } else {
      fail("the statement '" + word + "' is unknown or not allowed in a chat template");
    }
    return node;
  }

  Node branch() {
    Node node = make(NodeKind::branch, "", {tuple(false)});
    node.body = body({"elif", "else", "endif"});
    const std::string word = take().text;
    if (word == "elif") {
      const Nested nested(*this);
      node.others.push_back(branch());
    } else if (word == "else") {
      node.others = whole_body("endif");
    }
    return node;
  }

  Node loop() {
    Node variables = target(false);
    if (!skip_word("in")) fail("expected 'in', not '" + now().text + "'");
    Node items = tuple(false);
    Node test = skip_word("if") ? expression() : Node{};
    if (at_word("recursive")) fail("recursive loops are not supported");
    Node node = make(NodeKind::loop, "", {std::move(variables), std::move(items), std::move(test)});
    ++loops_;
    node.body = body({"endfor", "else"});
    --loops_;
    if (take().text == "else") node.others = whole_body("endfor");
    return node;
  }

  Node assign() {
    Node node = make(NodeKind::assign, "", {target(true)});
    if (skip_symbol("=")) {
      node.parts.push_back(tuple(true));
      return made(std::move(node));
    }
    node.kind = NodeKind::assign_block;
    node.parts.push_back(filters(Node{}));
    node.body = captured_body("endset");
    return node;
  }

  Node macro() {
    Node node = make(NodeKind::macro, expect(TokenKind::name, "a macro's name").text, {});
    node.named = parameters();
    node.body = captured_body("endmacro");
    return node;
  }

  int loops_ = 0;
};

}  // namespace

std::vector<Node> parse(std::string_view source) { return StatementParser(source).run(); }

}  // namespace temper::jinja
