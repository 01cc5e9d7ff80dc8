// SIGTERM and SIGINT as a request that is met at the next step boundary, by all ranks together.
#pragma once

namespace temper {

class StopRequest {
 public:
  // Takes the signals over until it is destroyed.
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  bool asked() const;
};

}  // namespace temper
