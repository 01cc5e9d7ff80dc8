#include "jobscripts/stop_signals.hpp"

namespace temper {

namespace {
constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};
volatile sig_atomic_t signals_seen = 0;  // a handler can reach nothing else
void note_signal(int) { signals_seen = signals_seen + 1; }
}  // namespace

StopSignals::StopSignals() {
  signals_seen = 0;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action {};
    action.sa_handler = note_signal;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(kSignals[i], &action, &former_[i]);
    // Under nohup a hang-up stays without effect.
    if (former_[i].sa_handler == SIG_IGN) ::sigaction(kSignals[i], &former_[i], nullptr);
  }
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former_[i], nullptr);
}

int StopSignals::count() const { return signals_seen; }

}  // namespace temper
