// The process as a place to compute in: threads of Kokkos and libtorch, and an allocator that keeps
// what it got. Once in main, before the first tensor.
#pragma once

namespace temper {

class ComputeSession {
 public:
  explicit ComputeSession(int threads);
  ~ComputeSession();
  ComputeSession(const ComputeSession&) = delete;
  ComputeSession& operator=(const ComputeSession&) = delete;
};

}  // namespace temper
