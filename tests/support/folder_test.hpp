// A test with a folder of its own, gone after it, and small shell scripts in it.
#pragma once

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace temper {

class FolderTest : public testing::Test {
 protected:
  std::filesystem::path script(const std::string& name, const std::string& body) const {
    const std::filesystem::path path = folder_.write(name, "#!/bin/sh\n" + body);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  TemporaryFolder folder_;
  const std::filesystem::path root_ = folder_.path();
};

}  // namespace temper
