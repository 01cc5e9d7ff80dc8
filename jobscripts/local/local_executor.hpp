// Jobs on this computer: temper-rank by itself for one rank, under mpirun for more.
#pragma once

#include "jobscripts/executor.hpp"
#include "jobscripts/local/launch.hpp"

namespace temper {

struct LocalSetup {
  std::filesystem::path rank_program;  // temper-rank
  std::string launcher;  // mpirun; "" = the one Temper was built with, else the path's
  std::int64_t cores = 1;
};

// Throws WorldFailure when there is no rank program.
Executor local_executor(const LocalSetup& setup);

// temper-rank in the folder of this executable. Throws WorldFailure when it is not there.
std::filesystem::path rank_program_beside_this();

}  // namespace temper
