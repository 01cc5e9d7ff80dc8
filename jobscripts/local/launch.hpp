// From a job to the command line and environment that start its ranks on this computer. Pure.
//
//   Launch launch = plan_launch(request, {"/usr/bin/mpirun", LauncherKind::open_mpi}, place);
#pragma once

#include <map>
#include <string>
#include <vector>

#include "jobscripts/executor.hpp"

namespace temper {

enum class LauncherKind { open_mpi, hydra };  // hydra: MPICH and its relatives
struct Launcher {
  std::string program;  // mpirun or mpiexec
  LauncherKind kind = LauncherKind::open_mpi;
};

// Where the ranks will run.
struct LaunchPlace {
  std::string rank_program;
  std::int64_t cores = 1;
  bool is_root = false;
  bool reads_memory = false;  // siblings_may_read_memory()
};

struct Launch {
  std::vector<std::string> arguments;  // the program first
  std::map<std::string, std::string> environment;
};

// A world of one starts without the launcher: as a singleton it computes the same and is there in a
// tenth of the time.
Launch plan_launch(const JobRequest& request, const Launcher& launcher, const LaunchPlace& place);

// The kind by what `mpirun --version` prints.
LauncherKind launcher_kind(const std::string& version_text);

// As a line for a shell.
std::string to_text(const Launch& launch);

}  // namespace temper
