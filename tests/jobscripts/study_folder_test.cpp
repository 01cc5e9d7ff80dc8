#include "jobscripts/study_folder.hpp"

#include <sys/wait.h>

#include "core/file.hpp"
#include "core/outcome.hpp"
#include "support/folder_test.hpp"

namespace temper {

namespace fs = std::filesystem;
using StudyFolders = FolderTest;

TEST_F(StudyFolders, number_attempts_and_name_the_latest) {
  const StudyFolder folder{root_ / "runs/x"};
  const fs::path segment = folder.segment("1f2e3d4c");
  EXPECT_EQ(last_attempt(segment), 0);
  for (int number : {1, 2, 10}) create_attempt(segment, number);
  EXPECT_EQ(last_attempt(segment), 10) << "by number, not by letters";
  EXPECT_EQ(fs::read_symlink(segment / "latest"), "attempt-10");
}

TEST_F(StudyFolders, keep_manifests_as_given) {
  write_file_atomically(root_ / "quick.toml", "include = [\"base.toml\"]\n");
  write_file_atomically(root_ / "base.toml", "[study]\n");
  const StudyFolder folder{root_ / "runs/x"};
  keep_manifests(folder, {root_ / "quick.toml", root_ / "base.toml"});
  EXPECT_EQ(read_text_file(folder.root / "study.toml").value(), "include = [\"base.toml\"]\n");
  EXPECT_EQ(read_text_file(folder.root / "included/base.toml").value(), "[study]\n");
}

TEST_F(StudyFolders, are_held_by_one_process_which_is_named) {
  const StudyFolder folder{root_ / "runs/x"};
  EXPECT_FALSE(lock_holder(folder));
  const StudyLock lock(folder);
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      const StudyLock second(folder);
      ::_exit(1);
    } catch (const WorldFailure& failure) {
      const bool named =
          std::string(failure.what()).find(std::to_string(::getppid())) != std::string::npos;
      ::_exit(named && failure.outcome() == Outcome::io_error ? 0 : 2);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(StudyFolders, are_free_again_when_their_process_was_killed) {
  const StudyFolder folder{root_ / "runs/x"};
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const StudyLock lock(folder);
    if (::write(ready[1], "x", 1) == 1) ::pause();
    ::_exit(1);
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(lock_holder(folder));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(lock_holder(folder));
  EXPECT_NO_THROW(StudyLock{folder});
}

TEST_F(StudyFolders, that_cannot_be_made_are_named) {
  write_file_atomically(root_ / "file", "");
  try {
    const StudyLock lock(StudyFolder{root_ / "file/runs"});
    FAIL() << "no throw";
  } catch (const WorldFailure& failure) {
    EXPECT_EQ(failure.outcome(), Outcome::io_error);
    EXPECT_NE(std::string(failure.what()).find("file/runs"), std::string::npos);
  }
}

}  // namespace temper
