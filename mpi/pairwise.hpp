// Collectives by pairs of non-blocking transfers: no root, and sums in rank order, so that a
// reduce-scatter and an all-reduce give the same bits for the same number of ranks.
//
// `parts[q]` is the extent of elements that rank q ends up with (or starts with). Everyone passes
// the same parts. Transfers go in pieces of at most 512 KiB, two pieces in flight: the next arrives
// while this one is added.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/dtype.hpp"
#include "core/extent.hpp"

namespace temper {

// WorldFailure (77) with MPI's words unless `result` is MPI_SUCCESS.
void check_mpi(int result, const char* what);

struct PairwiseGroup {
  MPI_Comm comm = MPI_COMM_NULL;
  int rank = 0, size = 1;
};

// Adds term(0) + term(1) + ... into `own`, which is term(rank): `others[q]` for q != rank. The
// terms before `own` are overwritten.
void add_in_rank_order(std::byte* own, const std::vector<std::byte*>& others, int rank,
                       std::int64_t count, Dtype dtype);

// Part `rank` of `data` becomes the sum over the ranks; other parts keep this rank's terms. Returns
// the bytes sent.
std::int64_t pairwise_reduce_scatter(const PairwiseGroup& group, std::byte* data,
                                     const std::vector<Extent>& parts, Dtype dtype,
                                     std::vector<std::byte>& scratch);
// Every part of `data` becomes what its rank holds. Returns the bytes sent.
std::int64_t pairwise_all_gather(const PairwiseGroup& group, std::byte* data,
                                 const std::vector<Extent>& parts, Dtype dtype);

}  // namespace temper
