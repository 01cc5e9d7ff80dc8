#include <algorithm>

#include "text/jinja/builtins/builtins.hpp"
#include "text/jinja/interpreter.hpp"
#include "text/jinja/operators.hpp"

namespace temper::jinja {

namespace {

Value loop_attribute(const Loop& loop, std::string_view name) {
  const auto count = std::int64_t(loop.items.size()), at = std::int64_t(loop.at);
  if (name == "index") return {at + 1};
  if (name == "index0") return {at};
  if (name == "revindex") return {count - at};
  if (name == "revindex0") return {count - at - 1};
  if (name == "first") return {at == 0};
  if (name == "last") return {at + 1 == count};
  if (name == "length") return {count};
  if (name == "depth" || name == "depth0") return {std::int64_t(name == "depth")};
  if (name == "previtem" && at > 0) return loop.items[loop.at - 1];
  if (name == "nextitem" && at + 1 < count) return loop.items[loop.at + 1];
  if (name == "previtem") return make_undefined("there is no previous item");
  if (name == "nextitem") return make_undefined("there is no next item");
  return make_undefined("'loop' has no attribute '" + std::string(name) + "'");
}

Value bound(Interpreter& run, const Builtin& builtin, const Value& subject) {
  if (depth_of(subject) >= 100) throw TemplateError("values nested deeper than 100");
  return {std::make_shared<const Function>(
      Function{std::string(builtin.name),
               [&run, &builtin, subject](Arguments& arguments) {
                 return call_builtin(builtin, run, subject, std::move(arguments));
               },
               depth_of(subject) + 1})};
}

}  // namespace

Value Interpreter::lookup(const std::string& name, const Scope& scope) {
  if (const Value* value = scope.find(name)) return *value;
  if (const Builtin* builtin = find_global(name)) return bound(*this, *builtin, Value{});
  return make_undefined("'" + name + "' is undefined");
}

Value Interpreter::attribute(const Value& value, std::string_view name) {
  if (value.undefined()) fail_undefined(value);
  const std::string quoted = "'" + std::string(name) + "'";
  if (changes_its_object(value, name))
    return make_undefined("the method " + quoted + " would change the " + type_name(value));
  if (const Builtin* method = find_method(value, name)) return bound(*this, *method, value);
  if (const auto* dict = value.as<Dict>()) {
    if (const Value* found = find(budget, *dict, make_text(name))) return *found;
  } else if (const auto* space = value.as<std::shared_ptr<Namespace>>()) {
    for (const auto& [own, held] : (*space)->names)
      if (own == name) return held;
  } else if (const auto* loop = value.as<std::shared_ptr<Loop>>()) {
    return loop_attribute(**loop, name);
  }
  return make_undefined("'" + type_name(value) + "' has no attribute " + quoted);
}

Value Interpreter::item(const Value& value, const Value& key) {
  if (value.undefined()) fail_undefined(value);
  if (const auto* dict = value.as<Dict>())
    if (const Value* found = find(budget, *dict, key)) return *found;
  if (const auto* name = key.as<Text>()) return attribute(value, name->bytes);
  const auto index = whole_number(key);
  const auto* text = value.as<Text>();
  const auto* sequence = value.as<Sequence>();
  const bool indexed = text || (sequence && sequence->kind <= SequenceKind::tuple);
  if (index && indexed) {
    if (text) budget.spend(std::int64_t(text->size()));
    const std::int64_t count =
        text ? count_code_points(text->bytes) : std::int64_t(sequence->items.size());
    const std::int64_t at = *index < 0 ? *index + count : *index;
    if (at >= 0 && at < count) {
      if (sequence) return sequence->items[std::size_t(at)];
      return make_text(text->part(byte_offset(text->bytes, at), byte_offset(text->bytes, at + 1)));
    }
  }
  return make_undefined(type_name(value) + " has no element " + text_of(key).bytes);
}

Value Interpreter::call(const Value& function, Arguments arguments) {
  const Deeper deeper(*this);
  if (const auto* callee = function.as<Function>()) return callee->call(arguments);
  if (function.undefined()) fail_undefined(function);
  throw TemplateError("'" + type_name(function) + "' is not callable");
}

Arguments Interpreter::arguments_of(const Node& node, const ScopePtr& scope) {
  Arguments result;
  for (std::size_t i = 1; i < node.parts.size(); ++i) {
    const Node& part = node.parts[i];
    if (part.kind != NodeKind::spread) {
      result.positional.push_back(evaluate(part, scope));
      continue;
    }
    const Value value = evaluate(part.parts[0], scope);
    if (part.name == "*") {
      for (Value& item : elements(budget, value)) result.positional.push_back(std::move(item));
    } else if (const auto* dict = value.as<Dict>()) {
      for (const auto& [key, item] : dict->items)
        result.named.emplace_back(text_of(key).bytes, item);
    } else {
      throw TemplateError("** needs a mapping, not " + type_name(value));
    }
  }
  for (const auto& [name, part] : node.named)
    result.named.emplace_back(name, evaluate(part, scope));
  return result;
}

Value Interpreter::call_node(const Node& node, const ScopePtr& scope) {
  const Node& callee = node.parts[0];
  if (callee.kind == NodeKind::attribute) {
    const Value subject = evaluate(callee.parts[0], scope);
    if (const Builtin* method = find_method(subject, callee.name);
        method && !changes_its_object(subject, callee.name))
      return call_builtin(*method, *this, subject, arguments_of(node, scope));
    return call(attribute(subject, callee.name), arguments_of(node, scope));
  }
  const Value function = evaluate(callee, scope);
  return call(function, arguments_of(node, scope));
}

Value Interpreter::compare(const Node& node, const ScopePtr& scope) {
  Value left = evaluate(node.parts[0], scope);
  for (const auto& [symbol, operand] : node.named) {
    Value right = evaluate(operand, scope);
    line_ = node.line;
    bool holds = false;
    if (symbol == "==" || symbol == "!=")
      holds = equal(budget, left, right) == (symbol == "==");
    else if (symbol == "in" || symbol == "not in")
      holds = contains(budget, right, left) == (symbol == "in");
    else if (symbol == "<" || symbol == ">")
      holds = symbol == "<" ? less(budget, left, right) : less(budget, right, left);
    else
      holds = equal(budget, left, right) ||
              (symbol == "<=" ? less(budget, left, right) : less(budget, right, left));
    if (!holds) return {false};
    left = std::move(right);
  }
  return {true};
}

Value Interpreter::evaluate(const Node& node, const ScopePtr& scope) {
  const Deeper deeper(*this);
  line_ = node.line ? node.line : line_;
  const auto part = [&](std::size_t i) { return evaluate(node.parts[i], scope); };
  switch (node.kind) {
    case NodeKind::constant:
      return node.value;
    case NodeKind::absent:  // a block's text, or what was left out
      return lookup("", *scope);
    case NodeKind::name:
      return lookup(node.name, *scope);
    case NodeKind::list:
    case NodeKind::tuple: {
      List items;
      for (const Node& item : node.parts) items.push_back(evaluate(item, scope));
      return make_sequence(std::move(items),
                           node.kind == NodeKind::list ? SequenceKind::list : SequenceKind::tuple);
    }
    case NodeKind::dict: {
      Arguments pairs;
      for (std::size_t i = 0; i < node.parts.size(); i += 2)
        pairs.positional.push_back(make_sequence({part(i), part(i + 1)}, SequenceKind::tuple));
      return call_builtin(*find_global("dict"), *this, {},
                          {{make_sequence(std::move(pairs.positional))}, {}});
    }
    case NodeKind::attribute:
      return attribute(part(0), node.name);
    case NodeKind::item: {
      const Value value = part(0);
      if (node.parts[1].kind != NodeKind::slice) return item(value, part(1));
      const auto& bounds = node.parts[1].parts;
      const auto at = [&](std::size_t i) {
        return bounds[i].kind == NodeKind::absent ? Value{} : evaluate(bounds[i], scope);
      };
      return slice_of(budget, value, {at(0), at(1), at(2)});
    }
    case NodeKind::call:
      return call_node(node, scope);
    case NodeKind::filter:
    case NodeKind::test: {
      const Value subject = part(0);
      Arguments arguments = arguments_of(node, scope);
      line_ = node.line;
      return call_builtin(
          *(node.kind == NodeKind::filter ? find_filter(node.name) : find_test(node.name)), *this,
          subject, std::move(arguments));
    }
    case NodeKind::negation:
      return {!is_true(part(0))};
    case NodeKind::sign:
      return apply_operator(budget, node.name, {std::int64_t(0)}, part(0));
    case NodeKind::binary: {
      const Value a = part(0), b = part(1);
      line_ = node.line;
      return apply_operator(budget, node.name, a, b);
    }
    case NodeKind::compare:
      return compare(node, scope);
    case NodeKind::conjunction:
    case NodeKind::disjunction: {
      Value left = part(0);
      return is_true(left) == (node.kind == NodeKind::disjunction) ? left : part(1);
    }
    default:  // conditional
      if (is_true(part(0))) return part(1);
      return node.parts[2].kind == NodeKind::absent
                 ? make_undefined("the condition does not hold and there is no else")
                 : part(2);
  }
}

}  // namespace temper::jinja
