// What a job takes from the computers it runs on: energy, memory, time since its process began.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace temper {

// Energy of the processor packages by Linux' powercap (RAPL). Counters wrap; that is allowed for if
// it happens once between begin and reading.
class EnergyMeter {
 public:
  explicit EnergyMeter(const std::filesystem::path& powercap = "/sys/class/powercap");
  // Joules since the meter was made; nothing where the computer does not tell.
  std::optional<double> joules() const;

 private:
  struct Package {
    std::filesystem::path counter;
    double begin_microjoules = 0, range_microjoules = 0;
  };
  std::vector<Package> packages_;
};

std::int64_t peak_memory_bytes();  // largest resident set of this process so far
double process_age_seconds();      // since the process was started
std::string host_name();
std::string utc_now();  // "2026-11-24T21:40:07Z"

}  // namespace temper
