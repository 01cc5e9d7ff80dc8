// Entities in sequences of tags (IOB2: B-X begins an entity X, I-X goes on, O is outside) and how
// many of them were found, as seqeval counts them: an I that follows no tag of its kind begins an
// entity too.
//
//   EntityCounts counts = count_entities({"B-PER", "I-PER", "O"}, {"B-PER", "O", "O"});
//   counts.f1()   // 0: one entity, another one predicted
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace temper {

struct EntityCounts {
  std::int64_t truth = 0, predicted = 0, found = 0;  // found: same kind, same first and last token

  EntityCounts& operator+=(const EntityCounts& other);
  // 0 where there is nothing to divide by.
  double precision() const, recall() const, f1() const;
};

// Whether these are tags of the kind above: "O", and each other one "B-..." or "I-...".
bool are_entity_tags(const std::vector<std::string>& names);

// Of one sequence; both have its length.
EntityCounts count_entities(const std::vector<std::string>& truth,
                            const std::vector<std::string>& predicted);

}  // namespace temper
