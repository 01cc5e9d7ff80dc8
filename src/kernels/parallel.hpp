// Rows in parallel on the rank's Kokkos threads.
//
//   parallel_rows(tokens, [&](std::int64_t begin, std::int64_t end, int worker) { ... });
//
// Each worker gets one contiguous part, so sums made by workers and added in worker order are the
// same for the same number of threads. Before Kokkos is initialised (tools, small tests) there is
// one worker.
#pragma once

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "core/extent.hpp"

namespace temper {

inline int row_workers() {
  return Kokkos::is_initialized() ? int(Kokkos::DefaultHostExecutionSpace::concurrency()) : 1;
}

template <class Body>
void parallel_rows(std::int64_t rows, Body&& body) {
  const int workers = int(std::clamp<std::int64_t>(rows, 1, row_workers()));
  if (workers == 1) {
    body(std::int64_t{0}, rows, 0);
    return;
  }
  using Policy =
      Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace, Kokkos::Schedule<Kokkos::Static>>;
  Kokkos::parallel_for(Policy(0, workers), [&](int worker) {
    const Extent part = even_part(rows, workers, worker);
    body(part.begin, part.end, worker);
  });
}

// Items of unequal cost: each worker takes the next one when it is done with its last. For work
// that gives the same bits whoever does it.
//
//   parallel_items(items, [&](std::int64_t item, int worker) { ... });
template <class Body>
void parallel_items(std::int64_t items, Body&& body) {
  std::atomic<std::int64_t> next{0};
  parallel_rows(std::min<std::int64_t>(items, row_workers()),
                [&](std::int64_t, std::int64_t, int worker) {
                  for (std::int64_t item = next++; item < items; item = next++) body(item, worker);
                });
}

}  // namespace temper
