// A child in a process group of its own whose output comes back as lines. It ends with its parent,
// however the parent ends.
//
//   ChildProcess child({"/usr/bin/mpirun", ...}, {{"OMP_NUM_THREADS", "1"}});
//   child.read_lines([](std::string_view line) { ... });
//   if (std::optional<int> code = child.exit_code()) ...
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace temper {

class ChildProcess {
 public:
  // `environment` is added to this process's. Throws WorldFailure: the program cannot be executed.
  ChildProcess(const std::vector<std::string>& arguments,
               const std::map<std::string, std::string>& environment);
  // Kills what still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  // Readable when there is output (both streams); -1 after its end.
  int output() const { return output_; }
  // Takes what has come; never waits.
  void read_lines(const std::function<void(std::string_view)>& take);
  // Once the child has ended: its exit status, 128 + n after signal n. Never waits.
  std::optional<int> exit_code();
  // To the child's process group.
  void send_signal(int signal);
  // SIGKILL to the child and all that descends from it.
  void kill_tree();

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string partial_line_;
  std::optional<int> exit_code_;
};

// The output and exit code of a program that is soon done. Throws WorldFailure.
struct ProgramOutput {
  std::string text;
  int exit_code = 0;
};
ProgramOutput run_program(const std::vector<std::string>& arguments,
                          const std::map<std::string, std::string>& environment);

}  // namespace temper
