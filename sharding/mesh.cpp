#include "sharding/mesh.hpp"

namespace temper {

std::vector<int> Mesh::peers(int rank_of, Axis axis) const {
  Coordinates c = coordinates(rank_of);
  std::vector<int> ranks;
  for (int i = 0; i < extent(axis); ++i) {
    (axis == Axis::pp ? c.pp : axis == Axis::dp ? c.dp : c.tp) = i;
    ranks.push_back(rank(c));
  }
  return ranks;
}

}  // namespace temper
