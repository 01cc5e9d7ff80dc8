// Contenders that take turns, so that what else the computer does hits them alike.
//
//   const std::vector<double> s = race(9, {[&] { ours(); }, [&] { theirs(); }});   // s[1] / s[0]
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <vector>

namespace temper {

// Seconds of CPU time with one thread, of wall time with more.
inline double bench_clock() {
  if (at::get_num_threads() == 1) return double(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Median seconds of each contender, after one turn that is not timed.
inline std::vector<double> race(int repeats, const std::vector<std::function<void()>>& contenders) {
  std::vector<std::vector<double>> seconds(contenders.size());
  for (int r = 0; r <= repeats; ++r)
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const double begin = bench_clock();
      contenders[i]();
      if (r > 0) seconds[i].push_back(bench_clock() - begin);
    }
  std::vector<double> medians;
  for (auto& all : seconds) {
    std::nth_element(all.begin(), all.begin() + repeats / 2, all.end());
    medians.push_back(all[std::size_t(repeats / 2)]);
  }
  return medians;
}

}  // namespace temper
