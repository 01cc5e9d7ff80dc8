// Python's arithmetic and slices.
//
//   apply_operator(budget, "//", {-7}, {2}) is -4
#pragma once

#include <optional>
#include <string_view>

#include "text/jinja/value.hpp"

namespace temper::jinja {

std::optional<std::int64_t> whole_number(const Value& value);  // int or bool
std::optional<double> real_number(const Value& value);         // int, bool or float
// + - * / // % ** and ~
Value apply_operator(Budget& budget, std::string_view symbol, const Value& a, const Value& b);
// value[begin:end:step], each an int, or none or undefined for the default.
Value slice_of(Budget& budget, const Value& value, const Value (&bounds)[3]);

}  // namespace temper::jinja
