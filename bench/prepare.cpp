// Speed of preparing a token store: read, clean, tokenize, find duplicates, write; no baselines.
//
//   bench_prepare RECIPE.json FOLDER [REPEATS]
//   -> one line for each repeat: seconds, rows/s, tokens; of all ranks together
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "core/file.hpp"
#include "io/prepare/prepare.hpp"
#include "io/token_store_writer.hpp"

namespace temper {
namespace {

void time_once(const Group& world, const char* recipe_path, const std::filesystem::path& folder) {
  const auto begin = std::chrono::steady_clock::now();
  const Recipe recipe = value_or_throw(read_recipe(recipe_path));
  const Tokenizer tokenizer = value_or_throw(Tokenizer::load(recipe.tokenizer));
  const Prepared prepared = prepare_rows(world, recipe, tokenizer, ProgressSink::silent);
  const std::filesystem::path temporary = folder / "bench.h5.tmp";
  write_token_store(world, temporary, prepared.card, prepared.columns);
  if (world.rank() == 0) commit_file(temporary, folder / "bench.h5");
  world.barrier();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  if (world.rank() != 0) return;
  std::int64_t rows = 0, tokens = 0;
  for (const StoreCard::Split& split : prepared.card.splits) {
    rows += split.documents;
    tokens += split.tokens;
  }
  std::printf("%.6f s  %.0f rows/s  %lld tokens\n", taken.count(), double(rows) / taken.count(),
              static_cast<long long>(tokens));
}

int run(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "bench_prepare RECIPE.json FOLDER [REPEATS]\n");
    return 64;
  }
  const Group world = Group::world();
  const int repeats = argc == 4 ? std::atoi(argv[3]) : 3;
  for (int i = 0; i < repeats; ++i) time_once(world, argv[1], argv[2]);
  return 0;
}

}  // namespace
}  // namespace temper

int main(int argc, char** argv) {
  temper::MpiSession session(argc, argv);
  try {
    return temper::run(argc, argv);
  } catch (...) {
    std::string reason;
    const temper::Outcome outcome = temper::outcome_of_current_exception(reason);
    std::fprintf(stderr, "bench_prepare: %s\n", reason.c_str());
    temper::MpiSession::abort(temper::exit_code(outcome));
  }
}
