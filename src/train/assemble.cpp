#include "train/assemble.hpp"

#include <algorithm>

#include "analysis/entities.hpp"
#include "plan/metrics.hpp"

namespace temper {

namespace {

const StoreCard::Split* find_split(const StoreCard& card, const std::string& name) {
  for (const StoreCard::Split& split : card.splits)
    if (split.name == name) return &split;
  return nullptr;
}

void check_classes(const JobPlan& plan, const StoreCard& card, Problems& problems) {
  const bool classes = plan.spec.model.task == "sequence-classification" ||
                       plan.spec.model.task == "token-classification";
  if (!classes) return;
  if (plan.label_names != card.label_names)
    problems.push_back({plan.store,
                        "holds the classes " + Json(card.label_names).dump() +
                            " where the plan has " + Json(plan.label_names).dump(),
                        "the store was made from other data", "Plan again?"});
  else if (std::int64_t(card.label_names.size()) > plan.model.num_labels)
    problems.push_back({"model.num_labels",
                        std::to_string(plan.model.num_labels) + " is fewer than the store's " +
                            std::to_string(card.label_names.size()) + " classes",
                        "", "Leave it out?"});
}

void check_objective(const JobPlan& plan, Problems& problems) {
  const RunSpec& spec = plan.spec;
  if (spec.objective.starts_with("eval/entity_") && !are_entity_tags(plan.label_names))
    problems.push_back({"study.objective",
                        "\"" + spec.objective + "\" needs classes of the kind B-X, I-X, O", "",
                        "Use \"eval/macro_f1\"."});
  std::vector<std::string> known;
  for (const std::string& name : metric_names(spec.model.task)) known.push_back("eval/" + name);
  if (std::find(known.begin(), known.end(), spec.objective) != known.end()) return;
  std::string all;
  for (const std::string& name : known) all += (all.empty() ? "" : ", ") + name;
  problems.push_back({"study.objective",
                      "\"" + spec.objective + "\" is not measured for " + spec.model.task, "",
                      "Use one of " + all + "."});
}

}  // namespace

void agree_on_plan(const Group& world, const JobPlan& plan) {
  const std::string mine = digest_of(plan), first = world.broadcast_text(mine, 0);
  run_agreed(world, "comparing plans", [&] {
    if (mine != first)
      throw WorldFailure(Outcome::io_error, "read another plan (" + mine.substr(0, 12) +
                                                ") than rank 0 (" + first.substr(0, 12) +
                                                "): do all computers see the same files?");
    if (world.size() != plan.mesh.size())
      throw BadInput(Problem{"parallel.ranks",
                             "the plan is for " + std::to_string(plan.mesh.size()) +
                                 " ranks, the job has " + std::to_string(world.size()),
                             "", "Start it with as many, or plan again."});
  });
}

Problems check_store(const JobPlan& plan, const StoreCard& card, bool needs_training) {
  Problems problems;
  check_classes(plan, card, problems);
  if (card.vocab_size > plan.model.vocab_size)
    problems.push_back({plan.store,
                        "token ids go up to " + std::to_string(card.vocab_size - 1) +
                            ", the model knows " + std::to_string(plan.model.vocab_size) +
                            " tokens",
                        "the tokenizer is another model's", "Use the model's own tokenizer."});
  for (const StoreCard::Split& split : card.splits)
    if (split.longest > plan.model.max_positions)
      problems.push_back({"data.max_length",
                          "the longest document of " + split.name + " has " +
                              std::to_string(split.longest) + " tokens, the model " +
                              std::to_string(plan.model.max_positions) + " positions",
                          "", "Use a smaller data.max_length."});
  if (needs_training) {
    check_objective(plan, problems);
    const StoreCard::Split* train = find_split(card, "train");
    const std::int64_t wanted = plan.spec.data.max_train_samples;
    const std::int64_t documents = train == nullptr ? 0
                                   : wanted > 0     ? std::min(wanted, train->documents)
                                                    : train->documents;
    if (documents == 0)
      problems.push_back({plan.store, "has no training documents", "", ""});
    else if (documents != plan.batch.documents)
      problems.push_back({plan.store,
                          "gives " + std::to_string(documents) + " training documents, the plan " +
                              std::to_string(plan.batch.documents),
                          "the store was made from other data", "Plan again?"});
  }
  if ((plan.evaluate_test || !needs_training) && find_split(card, "test") == nullptr)
    problems.push_back({plan.store, "has no test split", "", "Name a data.test_file."});
  return problems;
}

}  // namespace temper
