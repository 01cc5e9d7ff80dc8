#include "train/compute_session.hpp"

#include <ATen/Parallel.h>
#include <malloc.h>

#include <Kokkos_Core.hpp>

namespace temper {

ComputeSession::ComputeSession(int threads) {
  // Activations come and go with every micro-batch: memory given back to the system would have to
  // be faulted in again, page by page.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 2000000000);
  ::mallopt(M_TOP_PAD, 64 << 20);
  at::set_num_threads(threads);
#if KOKKOS_VERSION >= 30700
  Kokkos::initialize(
      Kokkos::InitializationSettings().set_num_threads(threads).set_disable_warnings(true));
#else
  Kokkos::InitArguments arguments;
  arguments.num_threads = threads;
  arguments.disable_warnings = true;
  Kokkos::initialize(arguments);
#endif
}

ComputeSession::~ComputeSession() { Kokkos::finalize(); }

}  // namespace temper
