#include "jobscripts/local/launch.hpp"

namespace temper {

namespace {

void add_open_mpi(Launch& launch, const JobRequest& request, const LaunchPlace& place) {
  // One copy beats two (a quarter of the time for gradients in pieces of 512 KiB), but asked for
  // where it is forbidden it fails in the middle. Ranks that wait must yield where they may
  // outnumber the cores. A rank that is asked to stop ends its step first: by default
  // mpiexec kills it after one second.
  launch.environment.insert(
      {{"OMPI_MCA_mpi_yield_when_idle", "1"},
       {"OMPI_MCA_btl_vader_single_copy_mechanism", place.reads_memory ? "cma" : "none"},
       {"OMPI_MCA_btl_base_warn_component_unused", "0"},
       {"OMPI_MCA_odls_base_sigkill_timeout", "8"},
       {"OMPI_MCA_plm", "isolated"}});
  if (request.ranks == 1) {
    launch.environment["OMPI_MCA_ess_singleton_isolated"] = "1";
    return;
  }
  if (place.is_root)
    launch.environment.insert(
        {{"OMPI_ALLOW_RUN_AS_ROOT", "1"}, {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}});
  const bool bound = request.alone && request.threads_per_rank == 1 && request.ranks <= place.cores;
  launch.arguments.insert(launch.arguments.end(),
                          {"--oversubscribe", "--bind-to", bound ? "core:overload-allowed" : "none",
                           "-n", std::to_string(request.ranks)});
}

void add_hydra(Launch& launch, const JobRequest& request, const LaunchPlace& place) {
  if (request.ranks == 1) return;
  const bool bound = request.alone && request.threads_per_rank == 1 && request.ranks <= place.cores;
  launch.arguments.insert(launch.arguments.end(), {"-bind-to", bound ? "core" : "none", "-n",
                                                   std::to_string(request.ranks)});
}

}  // namespace

Launch plan_launch(const JobRequest& request, const Launcher& launcher, const LaunchPlace& place) {
  Launch launch;
  launch.environment = {{"OMP_NUM_THREADS", std::to_string(request.threads_per_rank)},
                        {"OMP_PROC_BIND", "false"},
                        {"OMP_WAIT_POLICY", "passive"}};
  if (request.ranks > 1) launch.arguments = {launcher.program};
  switch (launcher.kind) {
    case LauncherKind::open_mpi:
      add_open_mpi(launch, request, place);
      break;
    case LauncherKind::hydra:
      add_hydra(launch, request, place);
      break;
  }
  launch.arguments.push_back(place.rank_program);
  launch.arguments.insert(launch.arguments.end(), request.arguments.begin(),
                          request.arguments.end());
  return launch;
}

LauncherKind launcher_kind(const std::string& version_text) {
  return version_text.find("HYDRA") != std::string::npos ||
                 version_text.find("Intel") != std::string::npos
             ? LauncherKind::hydra
             : LauncherKind::open_mpi;
}

std::string to_text(const Launch& launch) {
  std::string text;
  for (const auto& [name, value] : launch.environment) text += name + "=" + value + " ";
  for (const std::string& argument : launch.arguments) {
    const bool plain = argument.find_first_of(" \t'\"$\\*?") == std::string::npos;
    text += (plain ? argument : "'" + argument + "'") + " ";
  }
  text.pop_back();
  return text;
}

}  // namespace temper
