#include "mpi/group.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/contract.hpp"
#include "core/outcome.hpp"
#include "core/problem.hpp"

namespace temper {

namespace {

// Pieces of this size were the fastest between ranks of one node, and keep counts far below int.
constexpr std::int64_t kPieceBytes = 512 << 10;

void check(int result, const char* what) {
  if (result == MPI_SUCCESS) return;
  char words[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(result, words, &length);
  throw WorldFailure(Outcome::lost_rank, std::string(what) + ": " + words);
}

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
  check(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
}

Group Group::world() { return {MPI_COMM_WORLD, false}; }

Group Group::split(int color, int key) const {
  MPI_Comm part = MPI_COMM_NULL;
  check(MPI_Comm_split(comm_, color, key, &part), "MPI_Comm_split");
  return {part, true};
}

Group::Group(Group&& other) noexcept
    : comm_(other.comm_),
      owned_(other.owned_),
      rank_(other.rank_),
      size_(other.size_),
      bytes_sent_(other.bytes_sent_) {
  other.owned_ = false;
}

Group& Group::operator=(Group&& other) noexcept {
  std::swap(comm_, other.comm_);
  std::swap(owned_, other.owned_);
  std::swap(rank_, other.rank_);
  std::swap(size_, other.size_);
  std::swap(bytes_sent_, other.bytes_sent_);
  return *this;
}

Group::~Group() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (owned_ && !finalized) MPI_Comm_free(&comm_);
}

void Group::all_reduce_sum(void* data, std::int64_t count, Dtype dtype) const {
  if (size_ == 1) return;
  in_pieces(count, size_bytes(dtype), [&](std::int64_t begin, int n) {
    check(MPI_Allreduce(MPI_IN_PLACE, at_element(data, begin, dtype), n, mpi_type(dtype), MPI_SUM,
                        comm_),
          "MPI_Allreduce");
  });
  bytes_sent_ += 2 * count * size_bytes(dtype) * (size_ - 1) / size_;
}

void Group::all_reduce_max(void* data, std::int64_t count, Dtype dtype) const {
  if (size_ == 1) return;
  in_pieces(count, size_bytes(dtype), [&](std::int64_t begin, int n) {
    check(MPI_Allreduce(MPI_IN_PLACE, at_element(data, begin, dtype), n, mpi_type(dtype), MPI_MAX,
                        comm_),
          "MPI_Allreduce");
  });
  bytes_sent_ += 2 * count * size_bytes(dtype) * (size_ - 1) / size_;
}

void Group::reduce_scatter_sum(void* data, std::int64_t part, Dtype dtype) const {
  if (size_ == 1) return;
  // One reduction for each owner and piece: contiguous, and in one fixed order for a fixed size.
  for (int owner = 0; owner < size_; ++owner)
    in_pieces(part, size_bytes(dtype), [&](std::int64_t begin, int n) {
      void* piece = at_element(data, owner * part + begin, dtype);
      check(rank_ == owner
                ? MPI_Reduce(MPI_IN_PLACE, piece, n, mpi_type(dtype), MPI_SUM, owner, comm_)
                : MPI_Reduce(piece, nullptr, n, mpi_type(dtype), MPI_SUM, owner, comm_),
            "MPI_Reduce");
    });
  bytes_sent_ += part * size_bytes(dtype) * (size_ - 1);
}

void Group::all_gather(void* data, std::int64_t part, Dtype dtype) const {
  if (size_ == 1) return;
  for (int owner = 0; owner < size_; ++owner)
    in_pieces(part, size_bytes(dtype), [&](std::int64_t begin, int n) {
      check(MPI_Bcast(at_element(data, owner * part + begin, dtype), int(n * size_bytes(dtype)),
                      MPI_BYTE, owner, comm_),
            "MPI_Bcast");
    });
  bytes_sent_ += part * size_bytes(dtype) * (size_ - 1);
}

void Group::broadcast(void* data, std::int64_t bytes, int root) const {
  if (size_ == 1) return;
  in_pieces(bytes, 1, [&](std::int64_t begin, int n) {
    check(MPI_Bcast(static_cast<std::byte*>(data) + begin, n, MPI_BYTE, root, comm_), "MPI_Bcast");
  });
  if (rank_ == root) bytes_sent_ += bytes * (size_ - 1);
}

void Group::barrier() const { check(MPI_Barrier(comm_), "MPI_Barrier"); }

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
  if (outcome == Outcome::bad_manifest) throw BadInput(Problem{"", reason, "", ""});
  const std::string who = group.size() > 1 ? "rank " + std::to_string(failed) + ", " : "";
  throw WorldFailure(outcome, who + std::string(what) + ": " + reason);
}

}  // namespace temper
