// What a user asked for and cannot have, said so that they can act on it.
//
// Every check collects *all* problems and the caller prints them at once:
//
//   Problems problems;
//   if (32 % tp != 0)
//     problems.push_back({"parallel.tensor_parallel_size", "3 does not divide 32 attention heads",
//                         "a head is not split", "Use 2, 4 or 8?"});
//   if (!problems.empty()) return problems;      // converts to Checked<T>
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace temper {

struct Problem {
  std::string where;   // manifest key, or file:line:column, or tensor name
  std::string what;    // what is wrong
  std::string why;     // why that stops us; may be empty
  std::string remedy;  // what to try; may be empty

  // `where: what (why). remedy`
  std::string text() const;
};
using Problems = std::vector<Problem>;

// One problem a line.
std::string to_text(const Problems& problems);

// A value, or every reason why there is none.
template <class T>
class [[nodiscard]] Checked {
 public:
  Checked(T value) : held_(std::move(value)) {}
  Checked(Problems problems) : held_(std::move(problems)) {}
  Checked(Problem problem) : held_(Problems{std::move(problem)}) {}

  explicit operator bool() const { return held_.index() == 0; }
  const T& value() const& { return std::get<0>(held_); }
  T& value() & { return std::get<0>(held_); }
  T&& value() && { return std::get<0>(std::move(held_)); }
  // Empty when there is a value.
  Problems problems() const { return *this ? Problems{} : std::get<1>(held_); }

 private:
  std::variant<T, Problems> held_;
};

// Problems met where only an exception can carry them (on a rank, below several calls). Exit
// code 64.
class BadInput : public std::runtime_error {
 public:
  explicit BadInput(Problems problems);
  explicit BadInput(Problem problem) : BadInput(Problems{std::move(problem)}) {}
  const Problems& problems() const { return problems_; }

 private:
  Problems problems_;
};

// The value, or BadInput with all problems.
template <class T>
T value_or_throw(Checked<T> checked) {
  if (!checked) throw BadInput(checked.problems());
  return std::move(checked).value();
}

// The candidate nearest to `word` by edit distance (Damerau-Levenshtein, restricted), or "" when
// none is near enough to be meant: at most a third of the letters differ.
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

// `Did you mean "learning_rate"?`, or "" when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace temper
