#include "core/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/json.hpp"

namespace temper {

namespace {
constexpr std::string_view kMark = "@progress ";

int terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string rate_text(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, rate >= 100 ? "%.0f" : rate >= 10 ? "%.1f" : "%.2f", rate);
  return text;
}
}  // namespace

std::string duration_text(double seconds) {
  char text[48];
  const long whole = std::lround(std::max(0.0, seconds));
  if (seconds < 60)
    std::snprintf(text, sizeof text, seconds < 9.95 ? "%.1f s" : "%.0f s", std::max(0.0, seconds));
  else if (whole < 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld min", whole / 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld h", whole / 3600, whole / 60 % 60,
                  whole % 60);
  return text;
}

Progress::Progress(std::string label, std::int64_t total, std::string unit, ProgressSink sink)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      sink_(sink),
      terminal_(sink == ProgressSink::automatic && ::isatty(STDERR_FILENO)),
      begin_(Clock::now()),
      drawn_(begin_) {}

Progress::~Progress() { finish(); }

void Progress::set(std::int64_t done, std::string_view detail) {
  if (first_ < 0) first_ = std::min(done, done_);
  done_ = done;
  if (!detail.empty()) detail_ = detail;
  const auto now = Clock::now();
  const auto pause = terminal_                              ? std::chrono::milliseconds(100)
                     : sink_ == ProgressSink::machine_lines ? std::chrono::milliseconds(200)
                                                            : std::chrono::milliseconds(10000);
  if (now - drawn_ >= pause) draw(now, false);
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  draw(Clock::now(), true);
}

void Progress::clear() {
  if (!finished_ && terminal_) std::fputs("\r\033[K", stderr);
  finished_ = true;
}

void Progress::draw(Clock::time_point now, bool last) {
  drawn_ = now;
  if (sink_ == ProgressSink::silent) return;
  if (sink_ == ProgressSink::machine_lines) {
    const Json line = {{"label", label_},
                       {"done", done_},
                       {"total", total_},
                       {"unit", unit_},
                       {"detail", detail_}};
    std::printf("%.*s%s\n", int(kMark.size()), kMark.data(), line.dump().c_str());
    std::fflush(stdout);
    return;
  }
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double rate = seconds > 0 ? double(done_ - std::max<std::int64_t>(first_, 0)) / seconds : 0;
  std::string tail = std::to_string(done_) + "/" + std::to_string(total_) + " " + unit_ + ", " +
                     rate_text(rate) + "/s";
  if (last)
    tail += ", " + duration_text(seconds);
  else if (rate > 0)
    tail += ", " + duration_text(double(total_ - done_) / rate) + " left";
  if (!detail_.empty()) tail += ", " + detail_;
  if (!terminal_) {
    std::fprintf(stderr, "%s: %s\n", label_.c_str(), tail.c_str());
    return;
  }
  const int width = terminal_width();
  const int room = std::clamp(width - int(label_.size() + tail.size()) - 6, 0, 30);
  const double share = total_ > 0 ? std::clamp(double(done_) / double(total_), 0.0, 1.0) : 0;
  const int filled = int(share * room);
  std::string line = label_ + " ";
  if (room >= 5)
    line += "[" + std::string(std::size_t(filled), '#') +
            std::string(std::size_t(room - filled), '.') + "] ";
  line += tail;
  std::fprintf(stderr, "\r\033[K%s%s", line.substr(0, std::size_t(width - 1)).c_str(),
               last ? "\n" : "");
}

bool parse_progress_line(std::string_view line, std::string& label, std::int64_t& done,
                         std::int64_t& total, std::string& unit, std::string& detail) {
  if (line.substr(0, kMark.size()) != kMark) return false;
  const Json value = Json::parse(line.substr(kMark.size()), nullptr, false);
  if (!value.is_object()) return false;
  label = value.value("label", "");
  done = value.value("done", std::int64_t{0});
  total = value.value("total", std::int64_t{0});
  unit = value.value("unit", "");
  detail = value.value("detail", "");
  return true;
}

}  // namespace temper
