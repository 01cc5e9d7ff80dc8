// Runs a template.
//
//   Interpreter run(names);                        // names: what the template may use
//   const Text text = run.render(parse("{{ a }}"));
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/syntax.hpp"

namespace temper::jinja {

struct Scope {
  std::shared_ptr<Scope> outer;
  std::vector<std::pair<std::string, Value>> names;
  std::shared_ptr<Loop> loop;

  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);
};

void check_namespace_name(std::string_view name);  // throws for names that begin with _

class Interpreter {
 public:
  using Names = std::vector<std::pair<std::string, Value>>;
  Interpreter(Names names, std::tm now);
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter();

  // Throws TemplateError with the line.
  Text render(const std::vector<Node>& body);
  // Of the innermost loop over messages when an error was thrown; -1: none.
  std::int64_t message() const { return message_; }

  // For builtins.
  Budget budget;
  const std::tm now;
  Text text_of(const Value& value) { return to_text(budget, value); }
  Value call(const Value& function, Arguments arguments);
  Value attribute(const Value& value, std::string_view name);  // value.name
  Value item(const Value& value, const Value& key);            // value[key]
  Value keep(std::shared_ptr<Namespace> space);

 private:
  enum class Flow { normal, stop, next };
  using ScopePtr = std::shared_ptr<Scope>;
  struct Deeper {  // one node of the template; nested ones only so far
    explicit Deeper(Interpreter& run) : depth(run.depth_) {
      run.budget.spend_node();
      if (++depth > 200) throw TemplateError("calls itself without end", (--depth, run.line_));
    }
    ~Deeper() { --depth; }
    int& depth;
  };

  Value evaluate(const Node& node, const ScopePtr& scope);
  Value compare(const Node& node, const ScopePtr& scope);
  Value slice(const Value& value, const Node& bounds, const ScopePtr& scope);
  Value call_node(const Node& node, const ScopePtr& scope);
  Arguments arguments_of(const Node& node, const ScopePtr& scope);
  Value lookup(const std::string& name, const Scope& scope);

  Flow execute(const std::vector<Node>& body, const ScopePtr& scope, Text& out);
  Flow execute(const Node& node, const ScopePtr& scope, Text& out);
  Flow loop(const Node& node, const ScopePtr& scope, Text& out);
  Text capture(const std::vector<Node>& body, const ScopePtr& scope);
  Value filtered(const Node& filters, Text text, const ScopePtr& scope);
  void assign(const Node& target, Value value, const ScopePtr& scope);
  Value make_macro(const Node& node, const ScopePtr& scope);
  void write(Text& out, const Text& text);

  Names globals_;
  std::vector<ScopePtr> macro_scopes_;                  // cleared at the end: macros are cycles
  std::vector<std::shared_ptr<Namespace>> namespaces_;  // likewise
  int depth_ = 0, line_ = 0;
  std::int64_t message_ = -1;
};

}  // namespace temper::jinja
