#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

#include "plan/plan_job.hpp"

namespace temper {

namespace {

// The first "flags" (or "Features") line of /proc/cpuinfo, with blanks around every word.
std::string cpu_flags() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("flags") || line.starts_with("Features")) return line + " ";
  return "";
}

std::int64_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max<std::int64_t>(1, std::thread::hardware_concurrency());
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.cores = usable_cores();
  machine.memory_bytes = std::int64_t(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  const std::string flags = cpu_flags();
  const auto has = [&](const char* flag) {
    return flags.find(" " + std::string(flag) + " ") != std::string::npos;
  };
  if (has("avx512f")) machine.fp32_flops_per_core = 6e10, machine.bf16_flops_per_core = 6e10;
  if (has("avx512_bf16")) machine.bf16_flops_per_core = 1.2e11;
  if (has("amx_bf16")) machine.fp32_flops_per_core = 1e11, machine.bf16_flops_per_core = 3e11;
  return machine;
}

}  // namespace temper
