// temper-rank prepare RECIPE.json STORE.h5
#include <chrono>
#include <csignal>
#include <optional>

#include "apps/rank_baselines.hpp"
#include "apps/rank_command.hpp"
#include "core/file.hpp"
#include "io/prepare/prepare.hpp"
#include "io/token_store_writer.hpp"
#include "text/load_tokenizer.hpp"

namespace temper {

namespace {

namespace fs = std::filesystem;

// Everything is written under temporary names first, and named when all of it is there: baselines,
// store, and last the card, whose presence says that nothing is missing.
struct StoreFiles {
  fs::path store, card, baselines;
  fs::path temporary_store, temporary_baselines;

  StoreFiles(const Group& world, const fs::path& path)
      : store(path),
        card(fs::path(path).replace_extension(".json")),
        baselines(fs::path(path).replace_extension(".baselines")),
        temporary_store(world.broadcast_text(temporary_beside(store).string(), 0)),
        temporary_baselines(world.broadcast_text(temporary_beside(baselines).string(), 0)) {}

  void begin() const {
    if (store.has_parent_path()) {
      std::error_code error;
      fs::create_directories(store.parent_path(), error);
      if (error)
        throw io_failure("cannot create the folder", store.parent_path().string(), error.value());
    }
    discard();
    remove_abandoned();
  }
  // Temporaries of this store that a killed job left: untouched for a day.
  void remove_abandoned() const {
    std::error_code ignored;
    const fs::path folder = store.has_parent_path() ? store.parent_path() : ".";
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("." + store.stem().string() + ".") ||
          name.find(".tmp-") == std::string::npos)
        continue;
      if (fs::file_time_type::clock::now() - entry.last_write_time(ignored) >
          std::chrono::hours(24))
        fs::remove_all(entry.path(), ignored);
    }
  }
  void discard() const {
    std::error_code ignored;
    fs::remove(temporary_store, ignored);
    fs::remove_all(temporary_baselines, ignored);
  }
  void commit(const StoreCard& content) const {
    std::error_code error;
    fs::remove(card, error);
    fs::remove_all(baselines, error);
    if (fs::exists(temporary_baselines)) {
      fs::rename(temporary_baselines, baselines, error);
      if (error) throw io_failure("cannot name", baselines.string(), error.value());
    }
    commit_file(temporary_store, store);
    write_file_atomically(card, to_json(content).dump(1) + "\n");
  }
};

}  // namespace

Outcome run_rank_prepare(const Group& world, const fs::path& recipe_path,
                         const fs::path& store_path) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error like a full disk
  const StoreFiles files(world, store_path);
  std::optional<Recipe> recipe;
  std::optional<Tokenizer> tokenizer;
  run_agreed(world, "read the recipe", [&] {
    recipe = value_or_throw(read_recipe(recipe_path));
    tokenizer.emplace(value_or_throw(load_tokenizer(recipe->tokenizer)));
    if (world.rank() == 0) files.begin();
  });
  try {
    Prepared prepared = prepare_rows(world, *recipe, *tokenizer, ProgressSink::machine_lines);
    prepared.card.cleaning["baselines"] = describe_baselines(prepared.card);
    write_token_store(world, files.temporary_store, prepared.card, prepared.columns);
    write_baselines(world, prepared, files.temporary_baselines);
    run_agreed(world, "name the token store", [&] {
      if (world.rank() == 0) files.commit(prepared.card);
    });
  } catch (const AgreedFailure&) {
    if (world.rank() == 0) files.discard();
    throw;
  }
  return Outcome::done;
}

}  // namespace temper
