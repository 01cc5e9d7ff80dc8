// Promises between parts of Temper. A broken one is our bug, never the user's: exit code 70.
//
//   expects(begin <= end, "extent [", begin, ", ", end, ") runs backwards");
#pragma once

#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>

namespace temper {

class ContractViolation : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace detail {
[[noreturn]] void broken_contract(const std::string& values, const std::source_location& where);

// Carries the caller's place past the parameter pack.
struct Condition {
  bool holds;
  std::source_location where;
  template <class T>
  Condition(const T& condition, std::source_location place = std::source_location::current())
      : holds(static_cast<bool>(condition)), where(place) {}
};
}  // namespace detail

// Throws ContractViolation with file, line and the printed values unless the condition holds. On in
// release builds too.
template <class... Values>
void expects(const detail::Condition& condition, const Values&... values) {
  if (condition.holds) [[likely]]
    return;
  std::ostringstream text;
  (text << ... << values);
  detail::broken_contract(text.str(), condition.where);
}

}  // namespace temper
