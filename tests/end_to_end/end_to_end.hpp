// The programs as a user has them, on the tiny study.
#pragma once

#include "core/file.hpp"
#include "core/json.hpp"
#include "jobscripts/local/child_process.hpp"
#include "support/tiny_study.hpp"

namespace temper {

class EndToEnd : public TinyStudy {
 protected:
  ProgramOutput temper(std::vector<std::string> words) const {
    words.insert(words.begin(), std::string(TEMPER_BINARY_DIR) + "/bin/temper");
    return run_program(words, {});
  }
  Json json(const std::filesystem::path& path) const {
    return value_or_throw(read_json_file(path));
  }
};

}  // namespace temper
