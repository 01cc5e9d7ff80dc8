// main() of tests that run under mpiexec. Only rank 0 prints; the failures of every rank are
// gathered and printed by rank 0 after each test, so every rank must run the same tests in the same
// order. The exit code is the largest of all ranks.
#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

class GatherFailures : public testing::EmptyTestEventListener {
 public:
  GatherFailures(int rank, int size) : rank_(rank), size_(size) {}
  void OnTestStart(const testing::TestInfo&) override { mine_.clear(); }
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    mine_ += std::string(result.file_name() ? result.file_name() : "?") + ":" +
             std::to_string(result.line_number()) + ": " + result.summary() + "\n";
  }
  void OnTestEnd(const testing::TestInfo& test) override {
    int length = int(mine_.size());
    std::vector<int> lengths(std::size_t(size_), 0), offsets(std::size_t(size_), 0);
    MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD);
    int total = 0;
    for (int r = 0; r < size_; ++r) {
      offsets[std::size_t(r)] = total;
      total += lengths[std::size_t(r)];
    }
    std::string all(std::size_t(total), '\0');
    MPI_Gatherv(mine_.data(), length, MPI_CHAR, all.data(), lengths.data(), offsets.data(),
                MPI_CHAR, 0, MPI_COMM_WORLD);
    for (int r = 0; rank_ == 0 && r < size_; ++r)
      if (lengths[std::size_t(r)] > 0)
        std::fprintf(
            stderr, "[  FAILED  ] %s.%s on rank %d of %d\n%s", test.test_suite_name(), test.name(),
            r, size_,
            all.substr(std::size_t(offsets[std::size_t(r)]), std::size_t(lengths[std::size_t(r)]))
                .c_str());
  }

 private:
  int rank_, size_;
  std::string mine_;
};

}  // namespace

int main(int argc, char** argv) {
  int provided = 0, rank = 0, size = 1;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  testing::InitGoogleTest(&argc, argv);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  if (rank != 0) delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new GatherFailures(rank, size));
  int code = RUN_ALL_TESTS();
  MPI_Allreduce(MPI_IN_PLACE, &code, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return code;
}
