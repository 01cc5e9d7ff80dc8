// Bytes of any length from every rank to every rank.
//
//   std::vector<std::string> to(group.size());
//   to[0] = mine;                                     // or a part for each
//   const std::vector<std::string> from = exchange(group, std::move(to));
#pragma once

#include <string>
#include <vector>

#include "mpi/group.hpp"

namespace temper {

// to[r] goes to rank r; the answer's [r] came from rank r. Collective over: group.
std::vector<std::string> exchange(const Group& group, std::vector<std::string> to);

}  // namespace temper
