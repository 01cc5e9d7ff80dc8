#include "analysis/entities.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/contract.hpp"

namespace temper {

namespace {

using Entity = std::tuple<std::string, std::size_t, std::size_t>;  // kind, first token, end

std::set<Entity> entities_of(const std::vector<std::string>& tags) {
  std::set<Entity> entities;
  std::string kind;  // of the open entity; "" when there is none
  std::size_t begin = 0;
  for (std::size_t t = 0; t <= tags.size(); ++t) {
    const std::string tag = t < tags.size() ? tags[t] : "O";
    const std::string of = tag == "O" ? "" : tag.substr(2);
    const bool goes_on = tag != "O" && tag.front() == 'I' && of == kind;
    if (goes_on) continue;
    if (!kind.empty()) entities.emplace(kind, begin, t);
    kind = of, begin = t;
  }
  return entities;
}

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

EntityCounts& EntityCounts::operator+=(const EntityCounts& other) {
  truth += other.truth, predicted += other.predicted, found += other.found;
  return *this;
}

double EntityCounts::precision() const { return ratio(double(found), double(predicted)); }
double EntityCounts::recall() const { return ratio(double(found), double(truth)); }
double EntityCounts::f1() const { return ratio(2 * double(found), double(truth + predicted)); }

bool are_entity_tags(const std::vector<std::string>& names) {
  return !names.empty() && std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "O" || (name.size() > 2 && (name.starts_with("B-") || name.starts_with("I-")));
  });
}

EntityCounts count_entities(const std::vector<std::string>& truth,
                            const std::vector<std::string>& predicted) {
  expects(truth.size() == predicted.size(), "tags and predictions differ in number");
  const std::set<Entity> wanted = entities_of(truth), given = entities_of(predicted);
  EntityCounts counts{std::int64_t(wanted.size()), std::int64_t(given.size()), 0};
  for (const Entity& entity : given) counts.found += std::int64_t(wanted.count(entity));
  return counts;
}

}  // namespace temper
