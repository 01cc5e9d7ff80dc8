#include "io/prepare/split_rows.hpp"

#include <charconv>
#include <string>

#include "core/digest.hpp"

namespace temper {

int split_of_group(const SplitSpec& shares, std::string_view group) {
  const std::string hex = Sha256().update("temper-split|").update(group).hex();
  std::uint64_t top = 0;
  std::from_chars(hex.data(), hex.data() + 16, top, 16);
  const double x = double(top >> 11) * 0x1p-53;
  if (x < shares.train) return 0;
  if (x < shares.train + shares.validation || shares.test <= 0)
    return shares.validation > 0 ? 1 : 0;
  return 2;
}

}  // namespace temper
