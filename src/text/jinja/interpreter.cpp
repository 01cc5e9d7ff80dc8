#include "text/jinja/interpreter.hpp"

#include <algorithm>

#include "text/jinja/builtins/builtins.hpp"

namespace temper::jinja {

namespace {

constexpr std::size_t kLargestOutput = std::size_t(16) << 20;

std::shared_ptr<Scope> inside(const std::shared_ptr<Scope>& scope) {
  return std::make_shared<Scope>(Scope{scope, {}, {}});
}

}  // namespace

const Value* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope; scope = scope->outer.get())
    for (const auto& [own, value] : scope->names)
      if (own == name) return &value;
  return nullptr;
}

void Scope::set(std::string_view name, Value value) {
  for (auto& [own, old] : names)
    if (own == name) return void(old = std::move(value));
  names.emplace_back(name, std::move(value));
}

Interpreter::Interpreter(Names names, std::tm clock) : now(clock), globals_(std::move(names)) {}

Interpreter::~Interpreter() {
  for (const ScopePtr& scope : macro_scopes_) scope->names.clear();
  for (const auto& space : namespaces_) space->names.clear();
}

Value Interpreter::keep(std::shared_ptr<Namespace> space) {
  namespaces_.push_back(space);
  return {std::move(space)};
}

Text Interpreter::render(const std::vector<Node>& body) {
  const auto scope = std::make_shared<Scope>(Scope{nullptr, std::move(globals_), {}});
  macro_scopes_.push_back(scope);
  Text out;
  try {
    execute(body, scope, out);
  } catch (const TemplateError& error) {
    throw TemplateError(error.what(), error.line ? error.line : line_, error.raised);
  }
  return out;
}

void Interpreter::write(Text& out, const Text& text) {
  budget.add(out, text);
  if (out.size() > kLargestOutput) throw TemplateError("writes more than 16 MiB");
}

Text Interpreter::capture(const std::vector<Node>& body, const ScopePtr& scope) {
  Text out;
  execute(body, scope, out);
  return out;
}

Value Interpreter::filtered(const Node& filters, Text text, const ScopePtr& scope) {
  const ScopePtr inner = inside(scope);
  inner->set("", make_text(std::move(text)));
  return evaluate(filters, inner);
}

Interpreter::Flow Interpreter::execute(const std::vector<Node>& body, const ScopePtr& scope,
                                       Text& out) {
  for (const Node& node : body)
    if (const Flow flow = execute(node, scope, out); flow != Flow::normal) return flow;
  return Flow::normal;
}

Interpreter::Flow Interpreter::execute(const Node& node, const ScopePtr& scope, Text& out) {
  const Deeper deeper(*this);
  line_ = node.line;
  switch (node.kind) {
    case NodeKind::data:
      write(out, *node.value.as<Text>());
      break;
    case NodeKind::output:
      write(out, text_of(evaluate(node.parts[0], scope)));
      break;
    case NodeKind::branch:
      return execute(is_true(evaluate(node.parts[0], scope)) ? node.body : node.others, scope, out);
    case NodeKind::loop:
      return loop(node, scope, out);
    case NodeKind::assign:
      assign(node.parts[0], evaluate(node.parts[1], scope), scope);
      break;
    case NodeKind::assign_block:
      assign(node.parts[0], filtered(node.parts[1], capture(node.body, inside(scope)), scope),
             scope);
      break;
    case NodeKind::macro:
      scope->set(node.name, make_macro(node, scope));
      break;
    case NodeKind::call_block: {
      Arguments arguments = arguments_of(node.parts[0], scope);
      arguments.named.emplace_back("caller", make_macro(node, inside(scope)));
      write(out, text_of(call(evaluate(node.parts[0].parts[0], scope), std::move(arguments))));
      break;
    }
    case NodeKind::filter_block:
      write(out, text_of(filtered(node.parts[0], capture(node.body, inside(scope)), scope)));
      break;
    case NodeKind::with: {
      const ScopePtr inner = inside(scope);
      for (const auto& [name, value] : node.named) inner->set(name, evaluate(value, scope));
      return execute(node.body, inner, out);
    }
    case NodeKind::generation: {
      Text text = capture(node.body, inside(scope));
      for (Origin& origin : text.origins) origin |= kGenerated;
      write(out, text);
      break;
    }
    case NodeKind::break_loop:
      return Flow::stop;
    default:
      return Flow::next;
  }
  return Flow::normal;
}

Interpreter::Flow Interpreter::loop(const Node& node, const ScopePtr& scope, Text& out) {
  const auto state = std::make_shared<Loop>();
  const bool has_test = node.parts[2].kind != NodeKind::absent;
  for (const Value& item : elements(budget, evaluate(node.parts[1], scope))) {
    const ScopePtr inner = inside(scope);
    if (has_test) assign(node.parts[0], item, inner);
    if (!has_test || is_true(evaluate(node.parts[2], inner))) state->items.push_back(item);
  }
  for (const Value& item : state->items) state->depth = std::max(state->depth, depth_of(item) + 1);
  if (state->items.empty()) return execute(node.others, inside(scope), out);
  const std::int64_t outer_message = message_;
  for (; state->at < state->items.size(); ++state->at) {
    budget.spend_node();
    const Value& item = state->items[state->at];
    if (const auto* dict = item.as<Dict>(); dict && dict->message >= 0) message_ = dict->message;
    const ScopePtr inner = inside(scope);
    inner->names.emplace_back("loop", Value{state});
    assign(node.parts[0], item, inner);
    if (execute(node.body, inner, out) == Flow::stop) break;
  }
  message_ = outer_message;
  return Flow::normal;
}

void Interpreter::assign(const Node& target, Value value, const ScopePtr& scope) {
  if (target.kind == NodeKind::name) return scope->set(target.name, std::move(value));
  if (target.kind == NodeKind::attribute) {
    const Value space = lookup(target.parts[0].name, *scope);
    const auto* names = space.as<std::shared_ptr<Namespace>>();
    if (!names) throw TemplateError("cannot assign an attribute to what is no namespace");
    check_namespace_name(target.name);
    for (auto& [own, old] : (*names)->names)
      if (own == target.name) return void(old = std::move(value));
    return void((*names)->names.emplace_back(target.name, std::move(value)));
  }
  List items = elements(budget, value);
  if (items.size() != target.parts.size())
    throw TemplateError(std::to_string(items.size()) + " values for " +
                        std::to_string(target.parts.size()) + " names");
  for (std::size_t i = 0; i < items.size(); ++i)
    assign(target.parts[i], std::move(items[i]), scope);
}

void check_namespace_name(std::string_view name) {
  if (name.starts_with('_'))
    throw TemplateError("a namespace may not hold '" + std::string(name) + "': it begins with _");
}

Value Interpreter::make_macro(const Node& node, const ScopePtr& scope) {
  macro_scopes_.push_back(scope);
  return {std::make_shared<const Function>(Function{
      node.name, [this, &node, scope](Arguments& given) {
        const ScopePtr inner = inside(scope);
        std::size_t used = 0;
        for (const auto& [name, fallback] : node.named) {
          const auto named =
              std::ranges::find(given.named, name, [](const auto& pair) { return pair.first; });
          if (used < given.positional.size())
            inner->set(name, given.positional[used++]);
          else if (named != given.named.end())
            inner->set(name, named->second);
          else
            inner->set(name, fallback.kind == NodeKind::absent
                                 ? make_undefined("parameter '" + name + "' was not provided")
                                 : evaluate(fallback, inner));
        }
        if (used < given.positional.size())
          throw TemplateError("macro '" + node.name + "' takes not more than " +
                              std::to_string(used) + " argument(s)");
        for (const auto& [name, value] : given.named)
          if (name == "caller")
            inner->set(name, value);
          else if (std::ranges::none_of(node.named,
                                        [&](const auto& own) { return own.first == name; }))
            throw TemplateError("macro '" + node.name + "' takes no keyword argument '" + name +
                                "'");
        return make_text(capture(node.body, inner));
      }})};
}

}  // namespace temper::jinja
