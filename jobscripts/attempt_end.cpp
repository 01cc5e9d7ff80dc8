#include "jobscripts/attempt_end.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include "core/file.hpp"
#include "jobscripts/host.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

constexpr std::streamoff kTailBytes = 1 << 16;
constexpr std::size_t kShownLines = 12;

std::vector<std::string> tail_of(const fs::path& log) {
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? std::streamoff(file.tellg()) : 0;
  file.seekg(std::max<std::streamoff>(0, size - kTailBytes));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Lines that an MPI launcher adds about the end that we already know.
bool is_launcher_noise(const std::string& line) {
  return line.empty() || line.starts_with("-----") || line.starts_with("[") ||
         line.starts_with("MPI_ABORT was invoked") || line.starts_with("with errorcode");
}

std::string signal_text(int code) {
  const int number = code - 128;
  std::string text = "ended by signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
  if (number == 9) text += "; the system does that when memory runs out";
  return text;
}

Json outcome_record(Outcome outcome, int code, const std::string& reason, double seconds) {
  return {{"outcome", to_string(outcome)},
          {"exit_code", code},
          {"steps", 0},
          {"best_step", 0},
          {"reason", reason},
          {"host", host_name()},
          {"seconds", seconds},
          {"metrics", Json::object()}};
}

AttemptEnd end_of_status(const JobStatus& status, const fs::path& log) {
  AttemptEnd end;
  end.outcome = outcome_of_exit_status(status.exit_code);
  end.seconds = status.seconds;
  const bool signalled = status.exit_code > 128 && end.outcome == Outcome::lost_rank;
  const std::string said = failure_of_log(log);
  if (status.exit_code == 0) {
    end.outcome = Outcome::bug;
    end.reason = "the job ended without an outcome.json, so nothing proves that it is done";
  } else if (signalled) {
    end.reason = signal_text(status.exit_code) + (said.empty() ? "" : ": " + said);
  } else {
    end.reason = said.empty() ? "exit status " + std::to_string(status.exit_code) : said;
  }
  end.record =
      outcome_record(end.outcome, status.exit_code == 0 ? exit_code(end.outcome) : status.exit_code,
                     end.reason, end.seconds);
  return end;
}

}  // namespace

Outcome outcome_of_exit_status(int code) {
  if (code == exit_code(Outcome::interrupted)) return Outcome::interrupted;
  return code > 128 ? Outcome::lost_rank : outcome_of_exit_code(code);
}

std::string failure_of_log(const fs::path& log) {
  const std::vector<std::string> lines = tail_of(log);
  const auto said = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("temper-rank: ");
  });
  std::string text;
  if (said != lines.end()) {
    text = said->substr(std::string("temper-rank: ").size());
    for (auto line = said + 1;
         line != lines.end() && !is_launcher_noise(*line) && !line->starts_with("temper-rank: ");
         ++line)
      text += "\n" + *line;
    return text;
  }
  std::vector<std::string> kept;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(kept),
               [](const std::string& line) { return !is_launcher_noise(line); });
  for (std::size_t i = kept.size() - std::min(kept.size(), kShownLines); i < kept.size(); ++i)
    text += (text.empty() ? "" : "\n") + kept[i];
  return text;
}

bool worth_a_retry(Outcome outcome) {
  switch (outcome) {
    case Outcome::io_error:
    case Outcome::lost_rank:
    case Outcome::out_of_memory:
    case Outcome::stopped_with_checkpoint:
    case Outcome::interrupted:
      return true;
    default:
      return false;
  }
}

AttemptEnd settle_attempt(const fs::path& attempt, const JobStatus& status, bool stopped) {
  const fs::path path = attempt / "outcome.json";
  AttemptEnd end;
  const Checked<Json> record = fs::exists(path) ? read_json_file(path) : Json();
  if (record && record.value().is_object() && record.value().contains("outcome")) {
    end.record = record.value();
    end.outcome = outcome_of_exit_code(end.record.value("exit_code", 70));
    end.reason = end.record.value("reason", "");
    end.seconds = std::max(status.seconds, end.record.value("seconds", 0.0));
  } else {
    end = end_of_status(status, attempt / "log.txt");
  }
  if (stopped && end.outcome != Outcome::done) {
    end.outcome = Outcome::interrupted;
    end.reason = "interrupted";
    end.record["outcome"] = to_string(end.outcome), end.record["exit_code"] = 130;
    end.record["reason"] = end.reason;
  }
  if (!record || end.record != record.value())
    write_file_atomically(path, end.record.dump(1) + "\n");
  return end;
}

}  // namespace temper
