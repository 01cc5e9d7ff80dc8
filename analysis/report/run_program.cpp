#include "analysis/report/run_program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

extern char** environ;

namespace temper {
namespace {

// An unnamed file with this content, read from its begin; closed with the object.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& content = {}) : file_(std::tmpfile()) {
    if (!file_) return;
    std::fwrite(content.data(), 1, content.size(), file_);
    std::fflush(file_);
    ::lseek(::fileno(file_), 0, SEEK_SET);
  }
  ~ScratchFile() {
    if (file_) std::fclose(file_);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  bool open() const { return file_ != nullptr; }
  int descriptor() const { return ::fileno(file_); }
  std::string content() const {
    ::lseek(descriptor(), 0, SEEK_SET);
    std::string text;
    char buffer[1 << 14];
    for (ssize_t got; (got = ::read(descriptor(), buffer, sizeof buffer)) > 0;)
      text.append(buffer, std::size_t(got));
    return text;
  }

 private:
  std::FILE* file_;
};

}  // namespace

std::optional<std::string> run_program_on(const std::vector<std::string>& arguments,
                                          const std::string& input, std::string& reason) {
  // Files, not pipes: neither side can wait for the other.
  const ScratchFile in(input), out, err;
  if (!in.open() || !out.open() || !err.open()) {
    reason = std::string("no temporary file: ") + std::strerror(errno);
    return std::nullopt;
  }
  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.descriptor(), 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.descriptor(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, err.descriptor(), 2);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    reason = arguments[0] + ": " + std::strerror(error);
    return std::nullopt;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return out.content();
  reason = arguments[0] + " failed: " + err.content().substr(0, 300);
  return std::nullopt;
}

}  // namespace temper
