// What preparing did to the rows: counts and the first samples of each kind, gathered over ranks.
// The same for any number of ranks, because ranks hold the rows in their order.
//
//   report.count("nfc: changed");
//   report.sample("nfc", {"train.jsonl:17", before, after});
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "io/rows.hpp"
#include "mpi/group.hpp"

namespace temper {

class PrepareReport {
 public:
  static constexpr std::size_t kMostSamples = 20;
  struct Sample {
    std::string where, before, after;
  };

  void count(const std::string& what, std::int64_t rows = 1) { counts_[what] += rows; }
  std::int64_t counted(const std::string& what) const;
  // Keeps the first ones, cut to a line.
  void sample(const std::string& what, std::string_view where, std::string_view before,
              std::string_view after);
  void bad_row(BadRow row);

  // Joins the reports of all ranks in their order. Collective over: world.
  PrepareReport gathered(const Group& world) const;

  const std::vector<BadRow>& bad_rows() const { return bad_rows_; }  // the first ones
  Json samples(const std::string& what) const;

 private:
  std::map<std::string, std::int64_t> counts_;
  std::map<std::string, std::vector<Sample>> samples_;
  std::vector<BadRow> bad_rows_;
};

// At most 120 characters, whole ones, with an ellipsis where it was cut.
std::string excerpt(std::string_view text);

}  // namespace temper
