#include <gtest/gtest.h>
#include <mpi.h>
#include <cstdio>
#include <string>
#include <vector>
namespace {
// ranks > 0 print nothing for passes; every rank's failures are gathered and printed by rank 0
struct Gather : testing::EmptyTestEventListener {
  std::string mine;
  int rank = 0, size = 1;
  bool bad = false;
  void OnTestStart(const testing::TestInfo&) override {
    mine.clear();
    bad = false;
  }
  void OnTestPartResult(const testing::TestPartResult& r) override {
    if (!r.failed()) return;
    bad = true;
    mine += std::string(r.file_name() ? r.file_name() : "?") + ":" +
            std::to_string(r.line_number()) + ": " + r.summary() + "\n";
  }
  void OnTestEnd(const testing::TestInfo& t) override {
    int n = int(mine.size());
    std::vector<int> len(size), off(size);
    MPI_Gather(&n, 1, MPI_INT, len.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
    int tot = 0;
    if (rank == 0)
      for (int i = 0; i < size; ++i) {
        off[i] = tot;
        tot += len[i];
      }
    std::string all(size_t(tot), 0);
    MPI_Gatherv(mine.data(), n, MPI_CHAR, all.data(), len.data(), off.data(), MPI_CHAR, 0,
                MPI_COMM_WORLD);
    if (rank == 0 && tot) {
      for (int i = 0; i < size; ++i)
        if (len[i])
          std::fprintf(stderr, "[  FAILED  ] %s.%s on rank %d of %d\n%s", t.test_suite_name(),
                       t.name(), i, size, all.substr(size_t(off[i]), size_t(len[i])).c_str());
    }
    anyfail |= tot > 0;
  }
  bool anyfail = false;
};
}  // namespace
int main(int argc, char** argv) {
  int prov;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &prov);
  testing::InitGoogleTest(&argc, argv);
  auto* g = new Gather;
  MPI_Comm_rank(MPI_COMM_WORLD, &g->rank);
  MPI_Comm_size(MPI_COMM_WORLD, &g->size);
  auto& l = testing::UnitTest::GetInstance()->listeners();
  if (g->rank) delete l.Release(l.default_result_printer());
  l.Append(g);
  int rc = RUN_ALL_TESTS();
  MPI_Allreduce(MPI_IN_PLACE, &rc, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return rc;
}
