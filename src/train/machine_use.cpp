#include "train/machine_use.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <sstream>

namespace temper {

namespace fs = std::filesystem;

namespace {

std::optional<double> number_in(const fs::path& path) {
  std::ifstream file(path);
  double value = 0;
  if (file >> value) return value;
  return std::nullopt;
}

}  // namespace

EnergyMeter::EnergyMeter(const fs::path& powercap) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(powercap, error)) {
    // "intel-rapl:0" is a package, "intel-rapl:0:1" a part of one; AMD's counters have the same
    // name.
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("intel-rapl:") || name.find(':', 11) != std::string::npos) continue;
    const auto begin = number_in(entry.path() / "energy_uj");
    const auto range = number_in(entry.path() / "max_energy_range_uj");
    if (begin) packages_.push_back({entry.path() / "energy_uj", *begin, range.value_or(0)});
  }
}

std::optional<double> EnergyMeter::joules() const {
  if (packages_.empty()) return std::nullopt;
  double sum = 0;
  for (const Package& package : packages_) {
    const auto now = number_in(package.counter);
    if (!now) return std::nullopt;
    const double used = *now - package.begin_microjoules;
    sum += used < 0 ? used + package.range_microjoules : used;
  }
  return sum * 1e-6;
}

std::int64_t peak_memory_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::int64_t(usage.ru_maxrss) * 1024;
}

double process_age_seconds() {
  // Field 22 of /proc/self/stat: start in clock ticks since boot. The name in parentheses may hold
  // blanks.
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  struct timespec now {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec) -
         std::strtod(field.c_str(), nullptr) / double(::sysconf(_SC_CLK_TCK));
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  struct tm parts {};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace temper
