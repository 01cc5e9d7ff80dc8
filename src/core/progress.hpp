// A progress bar with rate and time left for every long step.
//
//   Progress progress("tokenize", rows, "rows");       // on standard error
//   progress.add(512);
//   progress.finish();                                 // also by the destructor
//
// A terminal gets one line that is redrawn ten times a second; anything else gets a plain line
// every ten seconds. A rank writes machine lines (`@progress {...}`) to standard output, which the
// executor that started it shows as its own bar.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace temper {

enum class ProgressSink { automatic, machine_lines, silent };

class Progress {
 public:
  Progress(std::string label, std::int64_t total, std::string unit,
           ProgressSink sink = ProgressSink::automatic);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::int64_t amount) { set(done_ + amount); }
  // `detail` is appended to the line, e.g. "loss 0.61".
  void set(std::int64_t done, std::string_view detail = {});
  void finish();
  // Ends without a last line; a terminal's line is wiped.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  void draw(Clock::time_point now, bool last);

  std::string label_, unit_, detail_;
  std::int64_t total_, done_ = 0, first_ = -1;
  ProgressSink sink_;
  bool terminal_, finished_ = false;
  Clock::time_point begin_, drawn_;
};

// If `line` is a machine line, its parts are returned through the arguments.
bool parse_progress_line(std::string_view line, std::string& label, std::int64_t& done,
                         std::int64_t& total, std::string& unit, std::string& detail);

// "4.2 s", "3:05 min", "2:10:00 h".
std::string duration_text(double seconds);

}  // namespace temper
