// Tests: what stands after `is`.
#include <cmath>

#include "text/jinja/builtins/builtins.hpp"
#include "text/jinja/interpreter.hpp"
#include "text/jinja/operators.hpp"

namespace temper::jinja {

namespace {

template <bool (*holds)(const Value&)>
Value simple(Interpreter&, const Value& subject, Arguments&) {
  return {holds(subject)};
}
template <bool (*holds)(Budget&, const Value&, const Value&), bool swapped = false,
          bool negated = false>
Value relation(Interpreter& run, const Value& subject, Arguments& arguments) {
  const Value& other = arguments.positional[0];
  return {(swapped ? holds(run.budget, other, subject) : holds(run.budget, subject, other)) !=
          negated};
}

std::int64_t whole(const Value& value) {
  if (const auto number = whole_number(value)) return *number;
  if (value.undefined()) fail_undefined(value);
  throw TemplateError("an integer is needed, not " + type_name(value));
}

bool is_undefined(const Value& v) { return v.undefined(); }
bool is_defined(const Value& v) { return !v.undefined(); }
bool is_none(const Value& v) { return v.as<None>(); }
bool is_boolean(const Value& v) { return v.as<bool>(); }
bool is_false(const Value& v) { return v.as<bool>() && !*v.as<bool>(); }
bool is_exactly_true(const Value& v) { return v.as<bool>() && *v.as<bool>(); }
bool is_integer(const Value& v) { return v.as<std::int64_t>(); }
bool is_float(const Value& v) { return v.as<double>(); }
bool is_number(const Value& v) { return real_number(v).has_value(); }
bool is_string(const Value& v) { return v.as<Text>(); }
bool is_mapping(const Value& v) { return v.as<Dict>(); }
bool is_callable(const Value& v) { return v.as<Function>() || v.undefined(); }
bool is_odd(const Value& v) { return whole(v) % 2 != 0; }
bool is_even(const Value& v) { return whole(v) % 2 == 0; }
bool is_known_filter(const Value& v) { return v.as<Text>() && find_filter(v.as<Text>()->bytes); }
bool is_known_test(const Value& v) { return v.as<Text>() && find_test(v.as<Text>()->bytes); }

// What has a length and elements by number or key; Jinja counts the undefined value in.
bool is_sequence(const Value& v) {
  const auto* sequence = v.as<Sequence>();
  return v.as<Text>() || v.as<Dict>() || v.undefined() ||
         (sequence && sequence->kind <= SequenceKind::tuple);
}
bool is_iterable(const Value& v) {
  return is_sequence(v) || v.as<Sequence>() || v.as<std::shared_ptr<Loop>>();
}
template <Case how>
bool has_case(const Value& v) {
  const Text text = v.as<Text>() ? *v.as<Text>() : Text();
  return change_case(text, how).bytes == text.bytes &&
         change_case(text, Case::lower).bytes != change_case(text, Case::upper).bytes;
}

bool divides(Budget&, const Value& a, const Value& b) {
  if (whole(b) == 0) throw TemplateError("division by zero");
  return whole(b) == -1 || whole(a) % whole(b) == 0;
}
bool same(Budget& budget, const Value& a, const Value& b) {
  return a.held.index() == b.held.index() && equal(budget, a, b);
}
bool at_most(Budget& budget, const Value& a, const Value& b) {
  return equal(budget, a, b) || less(budget, a, b);
}

constexpr Builtin kTests[] = {
    {"defined", "", simple<is_defined>},
    {"undefined", "", simple<is_undefined>},
    {"none", "", simple<is_none>},
    {"string", "", simple<is_string>},
    {"mapping", "", simple<is_mapping>},
    {"sequence", "", simple<is_sequence>},
    {"iterable", "", simple<is_iterable>},
    {"boolean", "", simple<is_boolean>},
    {"true", "", simple<is_exactly_true>},
    {"false", "", simple<is_false>},
    {"integer", "", simple<is_integer>},
    {"float", "", simple<is_float>},
    {"number", "", simple<is_number>},
    {"callable", "", simple<is_callable>},
    {"odd", "", simple<is_odd>},
    {"even", "", simple<is_even>},
    {"lower", "", simple<has_case<Case::lower>>},
    {"upper", "", simple<has_case<Case::upper>>},
    {"filter", "", simple<is_known_filter>},
    {"test", "", simple<is_known_test>},
    {"divisibleby", "num", relation<divides>},
    {"sameas", "other", relation<same>},
    {"in", "seq", relation<contains, true>},
    {"==", "other", relation<equal>},
    {"eq", "other", relation<equal>},
    {"equalto", "other", relation<equal>},
    {"!=", "other", relation<equal, false, true>},
    {"ne", "other", relation<equal, false, true>},
    {"<", "other", relation<less>},
    {"lt", "other", relation<less>},
    {"lessthan", "other", relation<less>},
    {">", "other", relation<less, true>},
    {"gt", "other", relation<less, true>},
    {"greaterthan", "other", relation<less, true>},
    {"<=", "other", relation<at_most>},
    {"le", "other", relation<at_most>},
    {">=", "other", relation<at_most, true>},
    {"ge", "other", relation<at_most, true>},
};

}  // namespace

const Builtin* find_test(std::string_view name) { return find_in(kTests, name); }

}  // namespace temper::jinja
