#include "experiments/study.hpp"

#include <algorithm>
#include <charconv>

#include "plan/check_spec.hpp"

namespace temper {

bool Study::greater_is_better() const { return temper::greater_is_better(base); }

Checked<Layout> layout_of(const std::string& name) {
  Layout layout;
  bool dp_given = false;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('-', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    const std::size_t digits = part.find_first_of("0123456789");
    const std::string axis = part.substr(0, digits);
    std::int64_t size = -1;
    if (digits != std::string::npos) {
      const char* last = part.data() + part.size();
      const auto [rest, error] = std::from_chars(part.data() + digits, last, size);
      if (error != std::errc{} || rest != last) size = -1;
    }
    if (size >= 0 && (axis == "tp" || axis == "pp" || axis == "cp" || axis == "ep")) {
      if (size != 1)
        return Problem{name, "is not supported yet (" + part + ": only dp and zero are)", "",
                       "Use dp2 or zero0-dp2?"};
    } else if (axis == "dp" && size >= 1 && size <= 1 << 20 && !dp_given) {
      layout.ranks = size, dp_given = true;
    } else if (axis == "zero" && (size == 2 || size == 3)) {
      return Problem{name, "is not supported yet (ZeRO stages 0 and 1 are)", "", ""};
    } else if (axis == "zero" && (size == 0 || size == 1) && !layout.zero_stage) {
      layout.zero_stage = size;
    } else {
      return Problem{name, "is no layout, such as dp2 or zero0-dp4", "", ""};
    }
    begin = end + 1;
  }
  return layout;
}

}  // namespace temper
