// One axis of the mesh as a rank sees it, and the world. All calls are collective over the group
// and finish before they return. A group of one is a real group whose transfers do nothing.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.hpp"
#include "core/outcome.hpp"

namespace temper {

// MPI_Init_thread and MPI_Finalize, once in main. Errors of MPI calls become WorldFailure (77).
class MpiSession {
 public:
  MpiSession(int& argc, char**& argv);
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  int rank() const;
  int size() const;
  [[noreturn]] static void abort(int exit_code);
};

class Group {
 public:
  // The world, or the part of it with the same `color` ordered by `key`. Collective over the world,
  // in one fixed order.
  static Group world();
  Group split(int color, int key) const;
  // The ranks of this group that share this rank's computer.
  Group split_by_node() const;
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();

  int rank() const { return rank_; }
  int size() const { return size_; }
  MPI_Comm communicator() const { return comm_; }

  // Sums in rank order, ((x0 + x1) + x2) + ..., in pieces, in place; f64, f32, i64, i32. The bits
  // of an element depend on the terms alone, and are those of reduce_scatter_sum. Bytes sent by
  // each rank: 2 (n - 1) / n of the buffer.
  void all_reduce_sum(void* data, std::int64_t count, Dtype dtype) const;
  void all_reduce_max(void* data, std::int64_t count, Dtype dtype) const;
  // `data` holds size() parts of `part` elements; on return part rank() holds the sum of that part
  // over the ranks in rank order (the others are undefined). Bytes sent: (n - 1) / n of the buffer.
  void reduce_scatter_sum(void* data, std::int64_t part, Dtype dtype) const;
  // `data` holds size() parts of `part` elements, of which part rank() is given; on return all are.
  void all_gather(void* data, std::int64_t part, Dtype dtype) const;
  void broadcast(void* data, std::int64_t bytes, int root) const;
  void barrier() const;
  std::string broadcast_text(const std::string& text, int root) const;
  // Everyone's text, in rank order, on every rank.
  std::vector<std::string> all_gather_text(const std::string& mine) const;
  std::int64_t bytes_sent() const { return bytes_sent_; }

 private:
  Group(MPI_Comm comm, bool owned);
  MPI_Comm comm_ = MPI_COMM_NULL;
  bool owned_ = false;
  int rank_ = 0, size_ = 1;
  mutable std::int64_t bytes_sent_ = 0;
  mutable std::vector<std::byte> scratch_;
};

// What run_agreed throws: every rank of the group throws the same, so main may print it once and
// end in order. Any other exception is one rank's own and ends the job by MpiSession::abort.
class AgreedFailure : public WorldFailure {
 public:
  using WorldFailure::WorldFailure;
};

// Runs `local` (which makes no collective call) on every rank. All ranks return, or all throw
// AgreedFailure with the message and outcome of the lowest failed rank: `rank 1, what: message`;
// the user's own Problems (BadInput) keep their text as it is. Collective over `group`.
void run_agreed(const Group& group, std::string_view what, const std::function<void()>& local);

}  // namespace temper
