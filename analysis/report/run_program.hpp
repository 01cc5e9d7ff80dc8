// Runs an outside program with a text as its input.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace temper {

// What it printed on standard output; nothing where it could not be started or failed, `reason`
// then says why. The program's standard error is dropped into `reason`.
std::optional<std::string> run_program_on(const std::vector<std::string>& arguments,
                                          const std::string& input, std::string& reason);

}  // namespace temper
