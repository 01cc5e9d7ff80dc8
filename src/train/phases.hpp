// Where the seconds of a step go.
#pragma once

#include <chrono>

#include "core/json.hpp"

namespace temper {

struct Phases {
  double data = 0, forward = 0, backward = 0, optimizer = 0, communication = 0, wait = 0;

  Phases& operator+=(const Phases& other) {
    data += other.data, forward += other.forward, backward += other.backward;
    optimizer += other.optimizer, communication += other.communication, wait += other.wait;
    return *this;
  }
  Json to_json() const {
    return {{"data", data},
            {"forward", forward},
            {"backward", backward},
            {"optimizer", optimizer},
            {"communication", communication},
            {"wait", wait}};
  }
};

// Seconds since it was made, or since the last lap.
class Stopwatch {
 public:
  double lap() {
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    begin_ = now;
    return seconds;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace temper
