#include "mpi/pairwise.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/contract.hpp"
#include "core/outcome.hpp"

namespace temper {

namespace {

constexpr int kTag = 7;

// Pieces of 256 KiB to 1 MiB are the fastest between ranks of one node; with many ranks they shrink
// so that what is in flight stays in the cache.
std::int64_t piece_elements(int ranks, Dtype dtype) {
  const std::int64_t bytes = std::clamp<std::int64_t>((4 << 20) / ranks, 16 << 10, 512 << 10);
  return bytes / size_bytes(dtype);
}

Extent piece_of(const Extent& part, std::int64_t piece, std::int64_t index) {
  const std::int64_t begin = std::min(part.end, part.begin + index * piece);
  return {begin, std::min(part.end, begin + piece)};
}

std::int64_t pieces_of(const std::vector<Extent>& parts, std::int64_t piece) {
  std::int64_t longest = 0;
  for (const Extent& part : parts) longest = std::max(longest, part.size());
  return (longest + piece - 1) / piece;
}

// The transfers of one piece. Receives are posted before sends.
class Transfers {
 public:
  Transfers(const PairwiseGroup& group, std::int64_t element) : group_(group), element_(element) {}
  void receive(std::byte* to, std::int64_t count, int from) {
    if (count > 0)
      check_mpi(MPI_Irecv(to, int(count * element_), MPI_BYTE, from, kTag, group_.comm,
                          &requests_.emplace_back()),
                "MPI_Irecv");
  }
  std::int64_t send(const std::byte* from, std::int64_t count, int to) {
    if (count > 0)
      check_mpi(MPI_Isend(from, int(count * element_), MPI_BYTE, to, kTag, group_.comm,
                          &requests_.emplace_back()),
                "MPI_Isend");
    return count * element_;
  }
  void wait() {
    check_mpi(MPI_Waitall(int(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
              "MPI_Waitall");
    requests_.clear();
  }

 private:
  PairwiseGroup group_;
  std::int64_t element_;
  std::vector<MPI_Request> requests_;
};

template <class T>
void add_terms(std::byte* own_bytes, const std::vector<std::byte*>& others, int rank,
               std::int64_t count) {
  const auto add = [count](T* sum, const T* term) {
    for (std::int64_t i = 0; i < count; ++i) sum[i] += term[i];
  };
  const auto term = [&](int q) { return reinterpret_cast<T*>(others[std::size_t(q)]); };
  T* own = reinterpret_cast<T*>(own_bytes);
  for (int q = 1; q < rank; ++q) add(term(0), term(q));
  if (rank > 0) add(own, term(0));
  for (int q = rank + 1; q < int(others.size()); ++q) add(own, term(q));
}

// Peers in an order that differs from rank to rank, so that nobody is everybody's first.
int peer(const PairwiseGroup& group, int distance) { return (group.rank + distance) % group.size; }

}  // namespace

void check_mpi(int result, const char* what) {
  if (result == MPI_SUCCESS) return;
  char words[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(result, words, &length);
  throw WorldFailure(Outcome::lost_rank, std::string(what) + ": " + words);
}

void add_in_rank_order(std::byte* own, const std::vector<std::byte*>& others, int rank,
                       std::int64_t count, Dtype dtype) {
  switch (dtype) {
    case Dtype::f64:
      return add_terms<double>(own, others, rank, count);
    case Dtype::f32:
      return add_terms<float>(own, others, rank, count);
    case Dtype::i64:
      return add_terms<std::int64_t>(own, others, rank, count);
    case Dtype::i32:
      return add_terms<std::int32_t>(own, others, rank, count);
    default:
      expects(false, "no sums over ", to_string(dtype));
  }
}

std::int64_t pairwise_reduce_scatter(const PairwiseGroup& group, std::byte* data,
                                     const std::vector<Extent>& parts, Dtype dtype,
                                     std::vector<std::byte>& scratch) {
  const std::int64_t element = size_bytes(dtype), piece = piece_elements(group.size, dtype);
  const std::int64_t pieces = pieces_of(parts, piece);
  const std::size_t slot_bytes = std::size_t(piece * element);
  scratch.resize(std::max(scratch.size(), 2 * std::size_t(group.size) * slot_bytes));
  const auto slot = [&](std::int64_t index, int q) {
    return scratch.data() +
           (std::size_t(index % 2) * std::size_t(group.size) + std::size_t(q)) * slot_bytes;
  };
  std::array<Transfers, 2> transfers{Transfers(group, element), Transfers(group, element)};
  std::int64_t sent = 0;
  const auto post = [&](std::int64_t index) {
    Transfers& t = transfers[std::size_t(index % 2)];
    const Extent mine = piece_of(parts[std::size_t(group.rank)], piece, index);
    for (int d = 1; d < group.size; ++d)
      t.receive(slot(index, peer(group, group.size - d)), mine.size(), peer(group, group.size - d));
    for (int d = 1; d < group.size; ++d) {
      const Extent theirs = piece_of(parts[std::size_t(peer(group, d))], piece, index);
      sent += t.send(data + theirs.begin * element, theirs.size(), peer(group, d));
    }
  };
  if (pieces > 0) post(0);
  for (std::int64_t index = 0; index < pieces; ++index) {
    if (index + 1 < pieces) post(index + 1);
    transfers[std::size_t(index % 2)].wait();
    const Extent mine = piece_of(parts[std::size_t(group.rank)], piece, index);
    std::vector<std::byte*> others;
    for (int q = 0; q < group.size; ++q) others.push_back(slot(index, q));
    add_in_rank_order(data + mine.begin * element, others, group.rank, mine.size(), dtype);
  }
  return sent;
}

std::int64_t pairwise_all_gather(const PairwiseGroup& group, std::byte* data,
                                 const std::vector<Extent>& parts, Dtype dtype) {
  const std::int64_t element = size_bytes(dtype), piece = piece_elements(group.size, dtype);
  const std::int64_t pieces = pieces_of(parts, piece);
  std::array<Transfers, 2> transfers{Transfers(group, element), Transfers(group, element)};
  std::int64_t sent = 0;
  for (std::int64_t index = 0; index < pieces; ++index) {
    Transfers& t = transfers[std::size_t(index % 2)];
    t.wait();
    for (int d = 1; d < group.size; ++d) {
      const int from = peer(group, group.size - d);
      const Extent theirs = piece_of(parts[std::size_t(from)], piece, index);
      t.receive(data + theirs.begin * element, theirs.size(), from);
    }
    const Extent mine = piece_of(parts[std::size_t(group.rank)], piece, index);
    for (int d = 1; d < group.size; ++d)
      sent += t.send(data + mine.begin * element, mine.size(), peer(group, d));
  }
  for (Transfers& t : transfers) t.wait();
  return sent;
}

}  // namespace temper
