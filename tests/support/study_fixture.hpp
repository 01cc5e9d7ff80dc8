// A small study directory as `temper run` leaves it: a search of three learning rates, two
// confirmations, baselines, a scaling study. Everything is drawn from a seed.
#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/philox.hpp"

namespace temper {

struct FixtureOptions {
  std::vector<std::string> labels{"noun.act", "noun.animal", "noun.body"};
  int rows = 240, steps = 60;
  bool confirm = true, scale = true, complete = true;
  std::string name = "fixture";
};

class StudyFixture {
 public:
  StudyFixture(std::filesystem::path root, FixtureOptions options = {})
      : root_(std::move(root)), o_(std::move(options)) {}

  void write() {
    write_text("study.toml", "[study]\nname = \"" + o_.name + "\"  # <script>alert(1)</script>\n");
    const double rates[] = {5e-5, 1e-4, 2e-4}, skill[] = {0.70, 0.78, 0.84};
    const char* ids[] = {"aaaaaaa1", "aaaaaaa2", "aaaaaaa3"};
    for (int i = 0; i < 3; ++i)
      add_trial(ids[i], "search", {{"train.learning_rate", rates[i]}}, skill[i], 0, false);
    if (o_.confirm)
      for (int seed = 0; seed < 2; ++seed)
        add_trial("bbbbbbb" + std::to_string(seed), "confirm",
                  {{"train.learning_rate", 2e-4}, {"train.seed", 11 + seed}}, 0.9 - 0.01 * seed, 0,
                  true);
    if (o_.scale)
      for (int repeat = 0; repeat < 6; ++repeat)
        for (int ranks : {1, 2, 4}) add_scale(ranks, repeat);
    add_data();
    write_json("study.json", study());
  }

  // The parts of study.json; tests change them before it is written again.
  Json study() const {
    return {{"format", "temper-study/1"},
            {"name", o_.name},
            {"description", "Which class of noun does a definition describe?"},
            {"use_case", "A fixture & its <b>escapes</b>"},
            {"objective", "eval/macro_f1"},
            {"greater_is_better", true},
            {"target", {{"test/macro_f1", 0.84}}},
            {"task", "sequence-classification"},
            {"temper_version", "0.1.0"},
            {"manifest_sha256", std::string(64, 'a')},
            {"created", "2026-11-24T20:00:00Z"},
            {"search", {{"method", "grid"}, {"keys", {"train.learning_rate"}}}},
            {"scale", o_.scale ? Json{{"kind", "strong"}, {"warmup_steps", 2}} : Json()},
            {"trials", trials_},
            {"best", "aaaaaaa3"},
            {"complete", o_.complete},
            {"store", "data/recipe.h5"},
            {"cost", {{"currency", "EUR"}, {"price_per_core_hour", 0.012}}},
            {"machine", {{"host", "node17"}, {"cores", 2}, {"memory_bytes", 25e9}}}};
  }

  void write_json(const std::string& path, const Json& json) {
    write_text(path, json.dump(1) + "\n");
  }
  void write_text(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;  // no fsync: a test needs none
  }
  const std::filesystem::path& root() const { return root_; }

  // Right with probability `skill`; rare classes are harder.
  std::string predictions(double skill, std::uint32_t system, bool test) const {
    std::string text;
    const auto classes = std::int64_t(o_.labels.size());
    for (int row = 0; row < o_.rows; ++row) {
      const auto words = philox(philox_key(7), {std::uint32_t(row), 0, test, 1});
      const auto own = philox(philox_key(7), {std::uint32_t(row), system, test, 2});
      const double u = uniform_double(words[0], words[1]);
      const auto truth = std::int64_t(u * u * double(classes));
      const bool right = 0.6 * uniform_float(words[2]) + 0.4 * uniform_float(own[0]) <
                         skill - 0.2 * double(truth) / double(classes);
      const auto wrong =
          (truth + 1 + own[1] % 3 % std::max<std::int64_t>(1, classes - 1)) % classes;
      const double confidence =
          0.45 + 0.5 * (right ? 1 - uniform_float(own[2]) / 2 : uniform_float(own[2]));
      std::vector<double> scores(std::size_t(classes), (1 - confidence) / double(classes - 1));
      scores[std::size_t(right ? truth : wrong)] = confidence;
      text += Json{{"id", "row:" + std::to_string(row)},
                   {"label", truth},
                   {"prediction", right ? truth : wrong},
                   {"scores", scores}}
                  .dump() +
              "\n";
    }
    return text;
  }

 private:
  void add_trial(const std::string& id, const std::string& purpose, const Json& setting,
                 double skill, int repeat, bool test) {
    const std::string attempt = "trials/" + id + "/segment-1/attempt-1/";
    std::string records;
    for (int step = 1; step <= o_.steps; ++step) {
      records += step_record(step, 1.4 - skill, 0.1).dump() + "\n";
      if (step % 20 == 0)
        records += Json{{"kind", "eval"},
                        {"split", "eval"},
                        {"step", step},
                        {"loss", 1.2 - skill / 2},
                        {"macro_f1", skill * (1 - std::exp(-3.0 * step / o_.steps))}}
                       .dump() +
                   "\n";
    }
    write_text(attempt + "records.jsonl", records);
    std::uint32_t system = std::uint32_t(trials_.size()) + 10;
    write_text(attempt + "predictions-eval.jsonl", predictions(skill, system, false));
    if (test) write_text(attempt + "predictions-test.jsonl", predictions(skill, system, true));
    finish(id, purpose, setting, skill, repeat, 1, 2);
  }

  void add_scale(int ranks, int repeat) {
    const std::string id = "cccccc" + std::to_string(ranks) + std::to_string(repeat);
    std::string records;
    for (int step = 1; step <= 12; ++step)
      records += step_record(step, 1, (0.2 + 0.01 * repeat) * (0.05 + 0.95 / ranks)).dump() + "\n";
    write_text("trials/" + id + "/segment-1/attempt-1/records.jsonl", records);
    finish(id, "scale", {{"parallel.ranks", ranks}, {"parallel.zero_stage", 1}}, 0.2, repeat, ranks,
           1);
  }

  void finish(const std::string& id, const std::string& purpose, const Json& setting, double skill,
              int repeat, int ranks, int threads) {
    const Json metrics = purpose == "scale"
                             ? Json::object()
                             : Json{{"eval/loss", 1.2 - skill / 2}, {"eval/macro_f1", skill}};
    const double seconds = 20 + 10 * skill;
    write_json("trials/" + id + "/segment-1/attempt-1/outcome.json",
               {{"outcome", "done"},
                {"exit_code", 0},
                {"steps", o_.steps},
                {"seconds", seconds},
                {"setup_seconds", 0.4},
                {"metrics", metrics},
                {"tokens", 16000},
                {"documents", 1000},
                {"peak_memory_bytes", 4e8},
                {"energy_joules", nullptr},
                {"phases",
                 {{"data", 0.2},
                  {"forward", 5.0},
                  {"backward", 9.0},
                  {"optimizer", 1.5},
                  {"communication", 0.7},
                  {"wait", 0.3},
                  {"evaluation", 2.0}}},
                {"matrix_gflops_per_second", 61.5}});
    write_json("trials/" + id + "/result.json", {{"trial", id},
                                                 {"purpose", purpose},
                                                 {"state", "done"},
                                                 {"setting", setting},
                                                 {"outcome", "done"},
                                                 {"exit_code", 0},
                                                 {"attempts", 1},
                                                 {"steps", o_.steps},
                                                 {"metrics", metrics},
                                                 {"seconds", seconds},
                                                 {"core_hours", seconds * ranks * threads / 3600},
                                                 {"ranks", ranks},
                                                 {"threads_per_rank", threads},
                                                 {"energy_joules", nullptr},
                                                 {"host", "node17"},
                                                 {"repeat", repeat}});
    trials_.push_back(
        {{"trial", id}, {"purpose", purpose}, {"setting", setting}, {"repeat", repeat}});
  }

  Json step_record(int step, double floor, double seconds) const {
    return {{"kind", "step"},
            {"step", step},
            {"epoch", double(step) / o_.steps},
            {"loss", floor + 2.2 * std::exp(-4.0 * step / o_.steps) + 0.05 * std::sin(step * 1.7)},
            {"grad_norm", 1.5},
            {"learning_rate", 1e-4},
            {"documents", 64},
            {"tokens", 1000},
            {"seconds", seconds}};
  }

  void add_data() {
    write_json(
        "data/recipe.json",
        {{"recipe_sha256", std::string(64, 'b')},
         {"label_names", o_.labels},
         {"splits",
          Json::array({{{"name", "train"}, {"documents", 65467}, {"tokens", 1034000}},
                       {{"name", "eval"}, {"documents", o_.rows}, {"tokens", 15 * o_.rows}},
                       {{"name", "test"}, {"documents", o_.rows}, {"tokens", 15 * o_.rows}}})},
         {"cleaning", {{"duplicates_dropped", 12}}}});
    for (const auto& [name, skill] :
         {std::pair{"majority", 0.2}, std::pair{"bigram-logistic", 0.75}})
      for (const bool test : {false, true})
        write_text(
            std::string("data/recipe.baselines/") + name + (test ? "-test" : "-eval") + ".jsonl",
            predictions(skill, skill < 0.5 ? 1 : 2, test));
  }

  std::filesystem::path root_;
  FixtureOptions o_;
  Json trials_ = Json::array();
};

}  // namespace temper
