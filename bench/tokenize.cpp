// Speed of the tokenizer on one core.
//
//   bench_tokenize TOKENIZER.json|MODEL.gguf LINES.txt [REPEATS]
//   -> one line for each repeat: seconds, lines/s, MB/s, tokens. Each begins with empty caches.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "text/load_tokenizer.hpp"

namespace temper {
namespace {

std::vector<std::string> read_lines(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

void time_once(const Tokenizer& tokenizer, const std::vector<std::string>& lines, double bytes) {
  const auto scratch = tokenizer.make_scratch();
  std::vector<std::int32_t> ids, all;
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& line : lines) {
    tokenizer.encode(line, {}, *scratch, ids);
    all.insert(all.end(), ids.begin(), ids.end());
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  const double seconds = taken.count();
  std::printf("%.6f s  %.0f lines/s  %.2f MB/s  %zu tokens\n", seconds,
              double(lines.size()) / seconds, bytes / seconds / 1e6, all.size());
}

int run(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "bench_tokenize TOKENIZER.json|MODEL.gguf LINES.txt [REPEATS]\n");
    return 64;
  }
  const Tokenizer tokenizer = value_or_throw(load_tokenizer(argv[1]));
  const std::vector<std::string> lines = read_lines(argv[2]);
  double bytes = 0;
  for (const std::string& line : lines) bytes += double(line.size());
  const int repeats = argc == 4 ? std::atoi(argv[3]) : 3;
  for (int i = 0; i < repeats; ++i) time_once(tokenizer, lines, bytes);
  return 0;
}

}  // namespace
}  // namespace temper

int main(int argc, char** argv) {
  try {
    return temper::run(argc, argv);
  } catch (const temper::BadInput& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 64;
  }
}
