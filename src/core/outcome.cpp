#include "core/outcome.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>

#include "core/contract.hpp"
#include "core/problem.hpp"

namespace temper {

namespace {
constexpr std::array<std::pair<Outcome, const char*>, 12> kNames{{
    {Outcome::done, "done"},
    {Outcome::failed_trials, "failed_trials"},
    {Outcome::bad_manifest, "bad_manifest"},
    {Outcome::nothing_fits, "nothing_fits"},
    {Outcome::bug, "bug"},
    {Outcome::io_error, "io_error"},
    {Outcome::stopped_with_checkpoint, "stopped_with_checkpoint"},
    {Outcome::diverged, "diverged"},
    {Outcome::lost_rank, "lost_rank"},
    {Outcome::rung_reached, "rung_reached"},
    {Outcome::out_of_memory, "out_of_memory"},
    {Outcome::interrupted, "interrupted"},
}};
}  // namespace

std::string to_string(Outcome outcome) {
  for (const auto& [known, name] : kNames)
    if (known == outcome) return name;
  return "bug";
}

Outcome outcome_of_exit_code(int code) {
  for (const auto& entry : kNames)
    if (exit_code(entry.first) == code) return entry.first;
  return Outcome::bug;
}

WorldFailure io_failure(const std::string& what, const std::string& path, int error_number) {
  return {Outcome::io_error, what + " " + path + ": " + std::strerror(error_number)};
}

Outcome outcome_of_current_exception(std::string& reason) {
  try {
    throw;
  } catch (const BadInput& error) {
    reason = error.what();
    return Outcome::bad_manifest;
  } catch (const WorldFailure& error) {
    reason = error.what();
    return error.outcome();
  } catch (const std::bad_alloc&) {
    reason = "out of memory";
    return Outcome::out_of_memory;
  } catch (const std::exception& error) {
    // libtorch's exceptions carry a stack trace after their message.
    reason = error.what();
    reason = reason.substr(0, reason.find("\nException raised from"));
    const bool allocation = reason.find("DefaultCPUAllocator") != std::string::npos;
    if (allocation) reason = "out of memory: " + reason;
    return allocation ? Outcome::out_of_memory : Outcome::bug;
  }
}

int exit_code_of(const std::string& program, const std::function<int()>& run) {
  try {
    return run();
  } catch (...) {
    std::string reason;
    const Outcome outcome = outcome_of_current_exception(reason);
    std::fprintf(stderr, "%s: %s%s", program.c_str(), reason.c_str(),
                 reason.ends_with('\n') ? "" : "\n");
    return exit_code(outcome);
  }
}

}  // namespace temper
