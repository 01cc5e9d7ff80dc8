#include "mpi/exchange.hpp"

#include <algorithm>
#include <cstdint>

#include "core/contract.hpp"
#include "mpi/pairwise.hpp"

namespace temper {

namespace {

constexpr std::int64_t kExchangePieceBytes = 64 << 20;  // counts stay far below int
constexpr int kExchangeTag = 71;

// Calls start(begin, count) for each piece of [0, bytes).
template <class Start>
void start_pieces(std::int64_t bytes, Start&& start) {
  for (std::int64_t begin = 0; begin < bytes; begin += kExchangePieceBytes)
    start(begin, int(std::min(kExchangePieceBytes, bytes - begin)));
}

}  // namespace

std::vector<std::string> exchange(const Group& group, std::vector<std::string> to) {
  const std::size_t size = std::size_t(group.size()), self = std::size_t(group.rank());
  expects(to.size() == size, "parts for ", to.size(), " ranks in a group of ", size);
  const MPI_Comm comm = group.communicator();
  std::vector<std::int64_t> sizes(size), lengths(size);
  for (std::size_t r = 0; r < size; ++r) sizes[r] = std::int64_t(to[r].size());
  check_mpi(MPI_Alltoall(sizes.data(), 1, MPI_INT64_T, lengths.data(), 1, MPI_INT64_T, comm),
            "MPI_Alltoall");
  std::vector<std::string> from(size);
  from[self] = std::move(to[self]);
  // In each turn every rank sends to one and receives from one.
  for (std::size_t turn = 1; turn < size; ++turn) {
    const std::size_t target = (self + turn) % size, source = (self + size - turn) % size;
    from[source].resize(std::size_t(lengths[source]));
    std::vector<MPI_Request> requests;
    start_pieces(lengths[source], [&](std::int64_t begin, int n) {
      requests.push_back(MPI_REQUEST_NULL);
      check_mpi(MPI_Irecv(from[source].data() + begin, n, MPI_BYTE, int(source), kExchangeTag, comm,
                          &requests.back()),
                "MPI_Irecv");
    });
    start_pieces(sizes[target], [&](std::int64_t begin, int n) {
      requests.push_back(MPI_REQUEST_NULL);
      check_mpi(MPI_Isend(to[target].data() + begin, n, MPI_BYTE, int(target), kExchangeTag, comm,
                          &requests.back()),
                "MPI_Isend");
    });
    check_mpi(MPI_Waitall(int(requests.size()), requests.data(), MPI_STATUSES_IGNORE),
              "MPI_Waitall");
    to[target] = {};
  }
  return from;
}

}  // namespace temper
