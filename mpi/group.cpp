#include "mpi/group.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/contract.hpp"
#include "core/extent.hpp"
#include "core/outcome.hpp"
#include "core/problem.hpp"
#include "mpi/pairwise.hpp"

namespace temper {

namespace {

// Pieces of this size were the fastest between ranks of one node, and keep counts far below int.
constexpr std::int64_t kPieceBytes = 512 << 10;
// Up to here a sum is one all-gather.
constexpr std::int64_t kSmallBytes = 4 << 10;

MPI_Datatype mpi_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::f64:
      return MPI_DOUBLE;
    case Dtype::f32:
      return MPI_FLOAT;
    case Dtype::i64:
      return MPI_INT64_T;
    case Dtype::i32:
      return MPI_INT32_T;
    default:
      break;
  }
  expects(false, "no reduction over ", to_string(dtype));
  return MPI_BYTE;
}

std::byte* at_element(void* data, std::int64_t element, Dtype dtype) {
  return static_cast<std::byte*>(data) + element * size_bytes(dtype);
}

// Calls piece(begin, count) over [0, count) elements.
template <class Piece>
void in_pieces(std::int64_t count, std::int64_t element_bytes, Piece&& piece) {
  const std::int64_t step = std::max<std::int64_t>(1, kPieceBytes / element_bytes);
  for (std::int64_t begin = 0; begin < count; begin += step)
    piece(begin, int(std::min(step, count - begin)));
}

std::vector<Extent> equal_parts(std::int64_t part, int size) {
  std::vector<Extent> parts;
  for (int q = 0; q < size; ++q) parts.push_back({q * part, (q + 1) * part});
  return parts;
}

}  // namespace

MpiSession::MpiSession(int& argc, char**& argv) {
  int provided = 0;
  if (MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS)
    throw WorldFailure(Outcome::lost_rank, "MPI_Init_thread failed");
  if (provided < MPI_THREAD_FUNNELED)
    throw WorldFailure(Outcome::lost_rank,
                       "this MPI supports no threads at all (MPI_THREAD_FUNNELED is needed)");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

MpiSession::~MpiSession() { MPI_Finalize(); }

int MpiSession::rank() const {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

int MpiSession::size() const {
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

void MpiSession::abort(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

Group::Group(MPI_Comm comm, bool owned) : comm_(comm), owned_(owned) {
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  check_mpi(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
}

Group Group::world() { return {MPI_COMM_WORLD, false}; }

Group Group::split(int color, int key) const {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(comm_, color, key, &part), "MPI_Comm_split");
  return {part, true};
}

Group Group::split_by_node() const {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &part),
            "MPI_Comm_split_type");
  return {part, true};
}

Group::Group(Group&& other) noexcept
    : comm_(other.comm_),
      owned_(other.owned_),
      rank_(other.rank_),
      size_(other.size_),
      bytes_sent_(other.bytes_sent_),
      scratch_(std::move(other.scratch_)) {
  other.owned_ = false;
}

Group& Group::operator=(Group&& other) noexcept {
  std::swap(comm_, other.comm_);
  std::swap(owned_, other.owned_);
  std::swap(rank_, other.rank_);
  std::swap(size_, other.size_);
  std::swap(bytes_sent_, other.bytes_sent_);
  std::swap(scratch_, other.scratch_);
  return *this;
}

Group::~Group() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (owned_ && !finalized) MPI_Comm_free(&comm_);
}

void Group::all_reduce_sum(void* data, std::int64_t count, Dtype dtype) const {
  if (size_ == 1 || count == 0) return;
  auto* bytes = static_cast<std::byte*>(data);
  const std::int64_t length = count * size_bytes(dtype);
  if (length <= kSmallBytes) {
    // One message to everyone is faster than two rounds.
    scratch_.resize(std::max(scratch_.size(), std::size_t(length * size_)));
    check_mpi(
        MPI_Allgather(bytes, int(length), MPI_BYTE, scratch_.data(), int(length), MPI_BYTE, comm_),
        "MPI_Allgather");
    std::vector<std::byte*> terms;
    for (int q = 0; q < size_; ++q) terms.push_back(scratch_.data() + q * length);
    add_in_rank_order(bytes, terms, rank_, count, dtype);
    bytes_sent_ += length * (size_ - 1);
    return;
  }
  std::vector<Extent> parts;
  for (int q = 0; q < size_; ++q) parts.push_back(even_part(count, size_, q));
  const PairwiseGroup group{comm_, rank_, size_};
  bytes_sent_ += pairwise_reduce_scatter(group, bytes, parts, dtype, scratch_);
  bytes_sent_ += pairwise_all_gather(group, bytes, parts, dtype);
}

void Group::all_reduce_max(void* data, std::int64_t count, Dtype dtype) const {
  if (size_ == 1) return;
  in_pieces(count, size_bytes(dtype), [&](std::int64_t begin, int n) {
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, at_element(data, begin, dtype), n, mpi_type(dtype),
                            MPI_MAX, comm_),
              "MPI_Allreduce");
  });
  bytes_sent_ += 2 * count * size_bytes(dtype) * (size_ - 1) / size_;
}

void Group::reduce_scatter_sum(void* data, std::int64_t part, Dtype dtype) const {
  if (size_ == 1) return;
  bytes_sent_ += pairwise_reduce_scatter({comm_, rank_, size_}, static_cast<std::byte*>(data),
                                         equal_parts(part, size_), dtype, scratch_);
}

void Group::all_gather(void* data, std::int64_t part, Dtype dtype) const {
  if (size_ == 1) return;
  bytes_sent_ += pairwise_all_gather({comm_, rank_, size_}, static_cast<std::byte*>(data),
                                     equal_parts(part, size_), dtype);
}

void Group::broadcast(void* data, std::int64_t bytes, int root) const {
  if (size_ == 1) return;
  in_pieces(bytes, 1, [&](std::int64_t begin, int n) {
    check_mpi(MPI_Bcast(static_cast<std::byte*>(data) + begin, n, MPI_BYTE, root, comm_),
              "MPI_Bcast");
  });
  if (rank_ == root) bytes_sent_ += bytes * (size_ - 1);
}

void Group::barrier() const { check_mpi(MPI_Barrier(comm_), "MPI_Barrier"); }

std::string Group::broadcast_text(const std::string& text, int root) const {
  std::int64_t length = std::int64_t(text.size());
  broadcast(&length, sizeof length, root);
  std::string copy = rank_ == root ? text : std::string(std::size_t(length), '\0');
  broadcast(copy.data(), length, root);
  return copy;
}

std::vector<std::string> Group::all_gather_text(const std::string& mine) const {
  std::vector<std::string> all;
  for (int root = 0; root < size_; ++root) all.push_back(broadcast_text(mine, root));
  return all;
}

void run_agreed(const Group& group, std::string_view what, const std::function<void()>& local) {
  std::string reason;
  std::int64_t code = 0;
  try {
    local();
  } catch (...) {
    code = exit_code(outcome_of_current_exception(reason));
  }
  // The lowest failed rank; size() when none failed.
  std::int64_t lowest = code == 0 ? -group.size() : -group.rank();
  group.all_reduce_max(&lowest, 1, Dtype::i64);
  if (-lowest == group.size()) return;
  const int failed = int(-lowest);
  reason = group.broadcast_text(reason, failed);
  group.broadcast(&code, sizeof code, failed);
  const Outcome outcome = outcome_of_exit_code(int(code));
  if (outcome == Outcome::bad_manifest) throw AgreedFailure(outcome, reason);
  const std::string who = group.size() > 1 ? "rank " + std::to_string(failed) + ", " : "";
  throw AgreedFailure(outcome, who + std::string(what) + ": " + reason);
}

}  // namespace temper
