#include "jobscripts/local/ask_rank.hpp"

#include "core/outcome.hpp"
#include "jobscripts/local/child_process.hpp"
#include "jobscripts/local/launch.hpp"
#include "jobscripts/local/local_executor.hpp"

namespace temper {

Json ask_rank(const std::vector<std::string>& arguments, std::int64_t threads) {
  const Launch launch = plan_launch(
      {.name = arguments.front(), .arguments = arguments, .threads_per_rank = threads, .log = {}},
      {}, {.rank_program = rank_program_beside_this(), .cores = threads, .is_root = false});
  const ProgramOutput output = run_program(launch.arguments, launch.environment);
  const std::size_t begin = output.text.find('{');
  if (output.exit_code == 0 && begin != std::string::npos)
    if (Json json = Json::parse(output.text.substr(begin), nullptr, false); json.is_object())
      return json;
  std::string said = output.text;
  if (said.starts_with("temper-rank: ")) said.erase(0, std::string("temper-rank: ").size());
  while (said.ends_with('\n')) said.pop_back();
  throw WorldFailure(output.exit_code == 0 ? Outcome::bug : outcome_of_exit_code(output.exit_code),
                     said);
}

}  // namespace temper
