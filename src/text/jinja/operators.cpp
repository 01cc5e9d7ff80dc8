#include "text/jinja/operators.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace temper::jinja {

namespace {

[[noreturn]] void fail_operands(std::string_view symbol, const Value& a, const Value& b) {
  for (const Value* value : {&a, &b})
    if (value->undefined()) fail_undefined(*value);
  throw TemplateError("no " + std::string(symbol) + " of " + type_name(a) + " and " + type_name(b));
}

std::int64_t power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  for (; exponent > 0; --exponent) {
    if (__builtin_mul_overflow(result, base, &result)) throw TemplateError("a number too large");
    if (result == 0 || result == 1) break;
    if (result == -1) return exponent % 2 ? -1 : 1;
  }
  return result;
}

Value of_whole(char symbol, std::int64_t x, std::int64_t y) {
  std::int64_t result = 0;
  bool overflow = false;
  if ((symbol == '/' || symbol == '%') && y == 0) throw TemplateError("division by zero");
  if ((symbol == '/' || symbol == '%') && y == -1) return of_whole('*', symbol == '%' ? 0 : x, -1);
  if (symbol == '+') overflow = __builtin_add_overflow(x, y, &result);
  if (symbol == '-') overflow = __builtin_sub_overflow(x, y, &result);
  if (symbol == '*') overflow = __builtin_mul_overflow(x, y, &result);
  if (symbol == '/') result = x / y - (x % y != 0 && (x < 0) != (y < 0));
  if (symbol == '%') result = x % y + (x % y != 0 && (x < 0) != (y < 0) ? y : 0);
  if (overflow) throw TemplateError("a number too large");
  return {result};
}

// `symbol`: / is the true division, d the floored one, p the power.
Value of_real(char symbol, double x, double y) {
  if (std::strchr("/d%", symbol) && y == 0) throw TemplateError("division by zero");
  if (symbol == '+') return {x + y};
  if (symbol == '-') return {x - y};
  if (symbol == '*') return {x * y};
  if (symbol == '/') return {x / y};
  if (symbol == 'd') return {std::floor(x / y)};
  if (symbol == 'p') return {std::pow(x, y)};
  const double rest = std::fmod(x, y);
  return {rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest};
}

Value repeated(Budget& budget, const Value& value, std::int64_t times) {
  times = std::max<std::int64_t>(times, 0);
  if (const auto* text = value.as<Text>()) {
    if (times > INT64_MAX / std::int64_t(text->size() + 1))
      throw TemplateError("a string too long");
    budget.spend(times * std::int64_t(text->size()));
    Text result;
    for (; times > 0 && text->size() > 0; --times) result.append(*text);
    return make_text(std::move(result));
  }
  const auto& sequence = *value.as<Sequence>();
  List items;
  for (; times > 0 && !sequence.items.empty(); --times) {
    budget.spend_elements(sequence.items.size());
    items.insert(items.end(), sequence.items.begin(), sequence.items.end());
  }
  return make_sequence(std::move(items), sequence.kind);
}

Value joined(Budget& budget, const Value& a, const Value& b) {
  if (const auto* x = a.as<Text>(), *y = b.as<Text>(); x && y) {
    Text result;
    budget.add(result, *x), budget.add(result, *y);
    return make_text(std::move(result));
  }
  const auto *x = a.as<Sequence>(), *y = b.as<Sequence>();
  if (!x || !y || x->kind != y->kind || x->kind > SequenceKind::tuple) fail_operands("+", a, b);
  budget.spend_elements(x->items.size() + y->items.size());
  List items = x->items;
  items.insert(items.end(), y->items.begin(), y->items.end());
  return make_sequence(std::move(items), x->kind);
}

}  // namespace

std::optional<std::int64_t> whole_number(const Value& value) {
  if (const auto* flag = value.as<bool>()) return *flag;
  if (const auto* number = value.as<std::int64_t>()) return *number;
  return {};
}

std::optional<double> real_number(const Value& value) {
  if (const auto* number = value.as<double>()) return *number;
  if (const auto whole = whole_number(value)) return double(*whole);
  return {};
}

Value apply_operator(Budget& budget, std::string_view symbol, const Value& a, const Value& b) {
  if (symbol == "~")
    return joined(budget, make_text(to_text(budget, a)), make_text(to_text(budget, b)));
  const auto i = whole_number(a), j = whole_number(b);
  const char kind = symbol == "//" ? 'd' : symbol == "**" ? 'p' : symbol[0];
  if (i && j && kind == 'd') return of_whole('/', *i, *j);
  if (i && j && kind == 'p' && *j >= 0) return {power(*i, *j)};
  if (i && j && kind != '/' && kind != 'p') return of_whole(kind, *i, *j);
  if (const auto x = real_number(a), y = real_number(b); x && y) return of_real(kind, *x, *y);
  const auto repeatable = [](const Value& value) {
    const auto* sequence = value.as<Sequence>();
    return value.as<Text>() || (sequence && sequence->kind <= SequenceKind::tuple);
  };
  if (kind == '*' && j && repeatable(a)) return repeated(budget, a, *j);
  if (kind == '*' && i && repeatable(b)) return repeated(budget, b, *i);
  if (kind != '+') fail_operands(symbol, a, b);
  return joined(budget, a, b);
}

Value slice_of(Budget& budget, const Value& value, const Value (&bounds)[3]) {
  if (value.undefined()) fail_undefined(value);
  const auto* text = value.as<Text>();
  const auto* sequence = value.as<Sequence>();
  if (!text && (!sequence || sequence->kind > SequenceKind::tuple))
    return make_undefined(type_name(value) + " has no slices");
  const auto number = [](const Value& bound, std::int64_t fallback) {
    const auto whole = whole_number(bound);
    if (!whole && !bound.undefined() && !bound.as<None>())
      throw TemplateError("a slice needs integers, not " + type_name(bound));
    return whole.value_or(fallback);
  };
  const std::int64_t count =
      text ? count_code_points(text->bytes) : std::int64_t(sequence->items.size());
  const std::int64_t step = number(bounds[2], 1);
  if (step == 0) throw TemplateError("a slice of step zero");
  const std::int64_t least = step > 0 ? 0 : -1, most = step > 0 ? count : count - 1;
  const auto clamped = [&](const Value& bound, std::int64_t fallback) {
    const std::int64_t at = number(bound, fallback);
    if (bound.undefined() || bound.as<None>()) return fallback;
    return std::clamp(at < 0 ? std::max<std::int64_t>(at, -count - 1) + count : at, least, most);
  };
  const std::int64_t begin = clamped(bounds[0], step > 0 ? 0 : count - 1);
  const std::int64_t end = clamped(bounds[1], step > 0 ? count : -1);
  budget.spend(count);
  if (text && step == 1)
    return make_text(text->part(byte_offset(text->bytes, begin), byte_offset(text->bytes, end)));
  const List items = elements(budget, value);
  List taken;
  for (std::int64_t at = begin; step > 0 ? at < end : at > end;) {
    taken.push_back(items[std::size_t(at)]);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  if (!text) return make_sequence(std::move(taken), sequence->kind);
  Text result;
  for (const Value& item : taken) result.append(*item.as<Text>());
  return make_text(std::move(result));
}

}  // namespace temper::jinja
