// One rank of a job. Started under mpiexec by `temper`, or alone: a world of one is a world.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "apps/rank_command.hpp"
#include "core/problem.hpp"

namespace temper {
namespace {

constexpr const char* kUsage =
    "temper-rank prepare RECIPE.json STORE.h5\n"
    "temper-rank inspect STORE.h5 SAMPLES\n"
    "temper-rank train PLAN.json ATTEMPT_FOLDER\n"
    "temper-rank test PLAN.json ATTEMPT_FOLDER\n"
    "temper-rank generate REQUEST.json ANSWERS.jsonl\n";

Outcome run(const Group& world, const std::vector<std::string>& words) {
  const std::string command = words.size() == 3 ? words[0] : "";
  if (command == "prepare") return run_rank_prepare(world, words[1], words[2]);
  if (command == "inspect") {
    if (world.rank() != 0) return Outcome::done;
    return run_rank_inspect(words[1], std::atoi(words[2].c_str()));
  }
  if (command == "train") return run_rank_train(world, words[1], words[2]);
  if (command == "generate") return run_rank_generate(world, words[1], words[2]);
  if (command == "test") return run_rank_test(world, words[1], words[2]);
  if (world.rank() == 0) std::fputs(kUsage, stderr);
  return Outcome::bad_manifest;
}

void print(const std::string& reason) {
  std::fprintf(stderr, "temper-rank: %s%s", reason.c_str(), reason.ends_with('\n') ? "" : "\n");
}

}  // namespace
}  // namespace temper

int main(int argc, char** argv) {
  temper::MpiSession session(argc, argv);
  try {
    const temper::Group world = temper::Group::world();
    return temper::exit_code(temper::run(world, {argv + 1, argv + argc}));
  } catch (const temper::AgreedFailure& failure) {
    // Every rank is here with the same failure: said once, ended in order.
    if (session.rank() == 0) temper::print(failure.what());
    return temper::exit_code(failure.outcome());
  } catch (...) {
    std::string reason;
    const temper::Outcome outcome = temper::outcome_of_current_exception(reason);
    temper::print(session.size() > 1 ? "rank " + std::to_string(session.rank()) + ": " + reason
                                     : reason);
    if (session.size() == 1) return temper::exit_code(outcome);
    temper::MpiSession::abort(temper::exit_code(outcome));
  }
}
