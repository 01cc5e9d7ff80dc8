#include "io/prepare/cleaning_summary.hpp"

namespace temper {

Json cleaning_summary(const Recipe& recipe, const PrepareReport& all, std::int64_t kept) {
  Json steps = Json::array();
  std::vector<CleaningStep> listed = recipe.steps;
  if (token_bound_step(recipe) == "truncation")
    listed.push_back({CleaningKind::drop_long, 0, "truncation"});
  for (const CleaningStep& step : listed)
    steps.push_back({{"step", step.name},
                     {"meaning", info_of(step.kind).meaning},
                     {"changed", all.counted(step.name + ": changed")},
                     {"dropped", all.counted(step.name + ": dropped")},
                     {"samples", all.samples(step.name)}});
  Json bad = Json::array(), files = Json::array(), overlap = Json::object();
  for (const BadRow& row : all.bad_rows())
    bad.push_back({{"where", row.file + ":" + std::to_string(row.line)}, {"what", row.what}});
  for (const SourceFile& file : recipe.files) files.push_back(file.name);
  for (const char* pair : {"train/eval", "train/test", "eval/test"})
    overlap[pair] = all.counted(std::string("overlap ") + pair);
  return {{"rows", all.counted("rows")},
          {"kept", kept},
          {"bad_rows", all.counted("bad rows")},
          {"bad_row_samples", bad},
          {"steps", steps},
          {"cut_to_max_length", all.counted("cut")},
          {"learned_tokens_cut", all.counted("learned tokens cut")},
          {"straddling_tokens", all.counted("straddling tokens")},
          {"repeated_rows", all.counted("repeats")},
          {"label_conflicts",
           {{"texts", all.counted("conflicts: texts")},
            {"rows", all.counted("conflicts: rows")},
            {"samples", all.samples("conflicts")}}},
          {"overlap", overlap},
          {"overlap_samples", all.samples("overlap")},
          {"leaks_dropped", all.counted("leaks: dropped")},
          {"leak_samples", all.samples("leaks")},
          {"rows_of_groups_across_splits", all.counted("groups across splits")},
          {"files", files}};
}

}  // namespace temper
