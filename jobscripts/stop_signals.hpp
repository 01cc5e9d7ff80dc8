// SIGINT, SIGTERM and SIGHUP while a study runs: the first asks for a gentle end, the second for an
// end at once. The former handlers come back with the object's end.
#pragma once

#include <signal.h>

#include <array>

namespace temper {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  // How many came.
  int count() const;

 private:
  std::array<struct sigaction, 3> former_{};
};

}  // namespace temper
