#include "text/jinja/value.hpp"

#include <algorithm>
#include <cmath>

#include "text/tokenizer/unicode.hpp"

namespace temper::jinja {

namespace {

constexpr int kDeepest = 100;

int checked_depth(int deepest_child) {
  if (deepest_child >= kDeepest) throw TemplateError("values nested deeper than 100");
  return deepest_child + 1;
}

// bool, int and float are one another's equals.
bool number_of(const Value& value, double& number) {
  if (const auto* flag = value.as<bool>()) return number = *flag, true;
  if (const auto* whole = value.as<std::int64_t>()) return number = double(*whole), true;
  if (const auto* real = value.as<double>()) return number = *real, true;
  return false;
}

bool equal_pairs(Budget& budget, const Dict& a, const Dict& b) {
  return a.items.size() == b.items.size() &&
         std::all_of(a.items.begin(), a.items.end(), [&](const auto& pair) {
           const Value* other = find(budget, b, pair.first);
           return other && equal(budget, pair.second, *other);
         });
}

}  // namespace

Value make_text(Text text) { return {std::make_shared<const Text>(std::move(text))}; }
Value make_text(std::string_view text) { return make_text(Text(text)); }

Value make_sequence(List items, SequenceKind kind) {
  int depth = 0;
  for (const Value& item : items) depth = std::max(depth, depth_of(item));
  return {std::make_shared<const Sequence>(Sequence{std::move(items), kind, checked_depth(depth)})};
}

Value make_dict(Pairs items, std::int64_t message) {
  int depth = 0;
  for (const auto& [key, value] : items) depth = std::max({depth, depth_of(key), depth_of(value)});
  return {std::make_shared<const Dict>(Dict{std::move(items), checked_depth(depth), message})};
}

int depth_of(const Value& value) {
  if (const auto* sequence = value.as<Sequence>()) return sequence->depth;
  if (const auto* dict = value.as<Dict>()) return dict->depth;
  if (const auto* function = value.as<Function>()) return function->depth;
  if (const auto* loop = value.as<std::shared_ptr<Loop>>()) return (*loop)->depth;
  return 0;
}

Value make_undefined(std::string why) {
  return {Undefined{std::make_shared<const std::string>(std::move(why))}};
}

void fail_undefined(const Value& value) {
  const auto* undefined = value.as<Undefined>();
  throw TemplateError(undefined && undefined->why ? *undefined->why : "a missing value is used");
}

bool is_true(const Value& value) {
  double number = 0;
  if (number_of(value, number)) return number != 0;
  if (const auto* text = value.as<Text>()) return text->size() > 0;
  if (const auto* sequence = value.as<Sequence>())
    return sequence->kind == SequenceKind::generator || !sequence->items.empty();
  if (const auto* dict = value.as<Dict>()) return !dict->items.empty();
  return !value.undefined() && !value.as<None>();
}

const Value* find(Budget& budget, const Dict& dict, const Value& key) {
  for (const auto& [own, value] : dict.items)
    if (equal(budget, own, key)) return &value;
  return nullptr;
}

bool equal(Budget& budget, const Value& a, const Value& b) {
  budget.spend_elements();
  if (const auto* x = a.as<std::int64_t>(), *y = b.as<std::int64_t>(); x && y) return *x == *y;
  double x = 0, y = 0;
  if (number_of(a, x)) return number_of(b, y) && x == y;
  if (a.held.index() != b.held.index()) return false;
  if (const auto* text = a.as<Text>()) {
    budget.spend(std::int64_t(text->size() / 16));
    return text->bytes == b.as<Text>()->bytes;
  }
  if (const auto* sequence = a.as<Sequence>()) {
    const auto& other = *b.as<Sequence>();
    return sequence->kind == other.kind &&
           std::equal(sequence->items.begin(), sequence->items.end(), other.items.begin(),
                      other.items.end(),
                      [&](const Value& l, const Value& r) { return equal(budget, l, r); });
  }
  if (const auto* dict = a.as<Dict>()) return equal_pairs(budget, *dict, *b.as<Dict>());
  if (const auto* function = a.as<Function>()) return function == b.as<Function>();
  if (const auto* space = a.as<std::shared_ptr<Namespace>>())
    return *space == *b.as<std::shared_ptr<Namespace>>();
  if (const auto* loop = a.as<std::shared_ptr<Loop>>())
    return *loop == *b.as<std::shared_ptr<Loop>>();
  return true;  // none, undefined
}

bool contains(Budget& budget, const Value& container, const Value& item) {
  if (const auto* text = container.as<Text>()) {
    const auto* part = item.as<Text>();
    if (item.undefined()) fail_undefined(item);
    if (!part) throw TemplateError("'in <string>' needs a string, not " + type_name(item));
    budget.spend(std::int64_t(text->size() / 4));
    return text->bytes.find(part->bytes) != std::string::npos;
  }
  if (const auto* dict = container.as<Dict>()) return find(budget, *dict, item);
  const List items = elements(budget, container);
  return std::any_of(items.begin(), items.end(),
                     [&](const Value& own) { return equal(budget, own, item); });
}

bool less(Budget& budget, const Value& a, const Value& b) {
  budget.spend_elements();
  double x = 0, y = 0;
  if (const auto* l = a.as<std::int64_t>(), *r = b.as<std::int64_t>(); l && r) return *l < *r;
  if (number_of(a, x) && number_of(b, y)) return x < y;
  if (const auto* l = a.as<Text>(), *r = b.as<Text>(); l && r) return l->bytes < r->bytes;
  if (const auto* l = a.as<Sequence>(), *r = b.as<Sequence>(); l && r && l->kind == r->kind)
    return std::lexicographical_compare(
        l->items.begin(), l->items.end(), r->items.begin(), r->items.end(),
        [&](const Value& own, const Value& other) { return less(budget, own, other); });
  for (const Value* value : {&a, &b})
    if (value->undefined()) fail_undefined(*value);
  throw TemplateError("no order between " + type_name(a) + " and " + type_name(b));
}

List elements(Budget& budget, const Value& value) {
  List items;
  if (const auto* sequence = value.as<Sequence>()) items = sequence->items;
  if (const auto* dict = value.as<Dict>())
    for (const auto& pair : dict->items) items.push_back(pair.first);
  if (const auto* text = value.as<Text>())
    for (std::size_t at = 0; at < text->size();) {
      const std::size_t begin = at;
      next_code_point(text->bytes, at);
      items.push_back(make_text(text->part(begin, at)));
    }
  else if (!value.as<Sequence>() && !value.as<Dict>() && !value.undefined())
    throw TemplateError("'" + type_name(value) + "' is not iterable");
  budget.spend_elements(items.size());
  return items;
}

std::string type_name(const Value& value) {
  static constexpr const char* kNames[] = {
      "Undefined",         "None",        "bool object", "int object",      "float object",
      "str object",        "list object", "dict object", "function object", "Namespace object",
      "LoopContext object"};
  if (const auto* sequence = value.as<Sequence>(); sequence && sequence->kind != SequenceKind::list)
    return sequence->kind == SequenceKind::tuple  ? "tuple object"
           : sequence->kind == SequenceKind::view ? "dict view object"
                                                  : "generator object";
  return kNames[value.held.index()];
}

}  // namespace temper::jinja
