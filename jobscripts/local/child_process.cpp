#include "jobscripts/local/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <utility>

#include "core/outcome.hpp"

namespace temper {

namespace {

constexpr std::size_t kLongestLine = 1 << 20;

struct Pipe {
  int read = -1, write = -1;
  explicit Pipe(const std::string& what) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw io_failure("cannot make a pipe for", what, errno);
    read = ends[0], write = ends[1];
  }
};

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* arguments, char* const* environment, pid_t parent, int output,
                         int report) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // the parent ended before prctl
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0 && ::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
      ::dup2(output, STDERR_FILENO) >= 0)
    ::execvpe(arguments[0], arguments, environment);
  const int error = errno;
  if (::write(report, &error, sizeof error) < 0) ::_exit(126);
  ::_exit(127);
}

void collect_descendants(pid_t pid, std::vector<pid_t>& found) {
  const std::string process = std::to_string(pid);
  std::ifstream children("/proc/" + process + "/task/" + process + "/children");
  for (pid_t child; children >> child;) {
    found.push_back(child);
    collect_descendants(child, found);
  }
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments,
                           const std::map<std::string, std::string>& environment) {
  const std::vector<std::string> variables = environment_with(environment);
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> variable_pointers = pointers_to(variables);
  const Pipe output(arguments[0]), report(arguments[0]);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    become(argument_pointers.data(), variable_pointers.data(), parent, output.write, report.write);
  const int fork_error = errno;
  ::close(output.write), ::close(report.write);
  int error = pid_ < 0 ? fork_error : 0;
  if (pid_ > 0) {
    ::setpgid(pid_, pid_);  // here too, so that a signal sent at once finds the group
    while (::read(report.read, &error, sizeof error) < 0 && errno == EINTR) continue;
  }
  ::close(report.read);
  output_ = output.read;
  if (error != 0) {
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    ::close(output_);
    throw io_failure("cannot start", arguments[0], error);
  }
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  if (!exit_code_) {
    kill_tree();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  }
  if (output_ >= 0) ::close(output_);
}

void ChildProcess::read_lines(const std::function<void(std::string_view)>& take) {
  char buffer[1 << 16];
  while (output_ >= 0) {
    const ssize_t got = ::read(output_, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;  // nothing more for now
    if (got == 0) {
      ::close(output_);
      output_ = -1;
      break;
    }
    std::string_view text(buffer, std::size_t(got));
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos;) {
      partial_line_ += text.substr(0, end);
      text.remove_prefix(end + 1);
      take(partial_line_);
      partial_line_.clear();
    }
    partial_line_ += text;
    if (partial_line_.size() > kLongestLine) take(std::exchange(partial_line_, {}));
  }
  if (!partial_line_.empty()) take(std::exchange(partial_line_, {}));
}

std::optional<int> ChildProcess::exit_code() {
  int status = 0;
  if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
    exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return exit_code_;
}

void ChildProcess::send_signal(int signal) {
  if (!exit_code_) ::kill(-pid_, signal);
}

void ChildProcess::kill_tree() {
  if (exit_code_) return;
  // An MPI launcher gives each rank a group of its own, so the group alone is not all.
  std::vector<pid_t> descendants;
  collect_descendants(pid_, descendants);
  ::kill(-pid_, SIGKILL);
  for (const pid_t descendant : descendants) ::kill(descendant, SIGKILL);
}

ProgramOutput run_program(const std::vector<std::string>& arguments,
                          const std::map<std::string, std::string>& environment) {
  ProgramOutput output;
  ChildProcess child(arguments, environment);
  const auto keep = [&](std::string_view line) { (output.text += line) += '\n'; };
  while (child.output() >= 0) {
    pollfd ready{child.output(), POLLIN, 0};
    ::poll(&ready, 1, 200);
    child.read_lines(keep);
    if (child.exit_code() && ready.revents == 0) break;  // a grandchild keeps the pipe
  }
  while (!child.exit_code()) ::usleep(2000);
  output.exit_code = *child.exit_code();
  return output;
}

}  // namespace temper
