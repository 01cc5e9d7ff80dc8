// The commands of `temper`: each lives in a file of its own and adds itself to the command line.
//
//   void add_plan_command(CLI::App& app, Action& action);   // in command_plan.cpp
//
// Parsing fills the command's options and sets `action`; main runs it once and turns its Outcome,
// or the exception it ends with, into the exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "core/outcome.hpp"

namespace temper {

using Action = std::function<Outcome()>;

}  // namespace temper
