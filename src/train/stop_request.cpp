#include "train/stop_request.hpp"

#include <csignal>

namespace temper {

namespace {
// A signal handler can reach nothing but a flag like this.
volatile std::sig_atomic_t asked_to_stop = 0;
void ask(int) { asked_to_stop = 1; }
}  // namespace

StopRequest::StopRequest() {
  asked_to_stop = 0;
  std::signal(SIGTERM, ask);
  std::signal(SIGINT, ask);
}

StopRequest::~StopRequest() {
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
}

bool StopRequest::asked() const { return asked_to_stop != 0; }

}  // namespace temper
