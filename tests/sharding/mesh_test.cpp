#include "sharding/mesh.hpp"

#include <gtest/gtest.h>

#include <set>

namespace temper {

template <class Check>
void for_every_small_mesh(Check check) {
  for (int pp = 1; pp <= 4; ++pp)
    for (int dp = 1; dp <= 5; ++dp)
      for (int tp = 1; tp <= 4; ++tp) check(Mesh{.pp = pp, .dp = dp, .tp = tp});
}

TEST(Mesh, rank_and_coordinates_are_inverse_for_every_small_mesh) {
  for_every_small_mesh([](const Mesh& mesh) {
    std::set<int> ranks;
    for (int pp = 0; pp < mesh.pp; ++pp)
      for (int dp = 0; dp < mesh.dp; ++dp)
        for (int tp = 0; tp < mesh.tp; ++tp) {
          const Coordinates c{pp, dp, tp};
          EXPECT_EQ(mesh.coordinates(mesh.rank(c)), c);
          ranks.insert(mesh.rank(c));
        }
    EXPECT_EQ(int(ranks.size()), mesh.size());
    EXPECT_EQ(*ranks.begin(), 0);
    EXPECT_EQ(*ranks.rbegin(), mesh.size() - 1);
  });
}

TEST(Mesh, tensor_parallel_neighbours_have_neighbouring_ranks) {
  const Mesh mesh{.pp = 2, .dp = 2, .tp = 2};
  EXPECT_EQ(mesh.coordinates(5), (Coordinates{1, 0, 1}));
  EXPECT_EQ(mesh.peers(5, Axis::tp), (std::vector<int>{4, 5}));
  EXPECT_EQ(mesh.peers(5, Axis::dp), (std::vector<int>{5, 7}));
  EXPECT_EQ(mesh.peers(5, Axis::pp), (std::vector<int>{1, 5}));
}

TEST(Mesh, peers_along_an_axis_part_all_ranks_into_equal_groups) {
  for_every_small_mesh([](const Mesh& mesh) {
    for (const Axis axis : {Axis::pp, Axis::dp, Axis::tp}) {
      std::set<std::vector<int>> groups;
      std::size_t members = 0;
      for (int rank = 0; rank < mesh.size(); ++rank) {
        const std::vector<int> peers = mesh.peers(rank, axis);
        EXPECT_EQ(int(peers.size()), mesh.extent(axis));
        EXPECT_EQ(peers[std::size_t(mesh.coordinates(rank).along(axis))], rank);
        if (groups.insert(peers).second) members += peers.size();
      }
      EXPECT_EQ(int(members), mesh.size());
    }
  });
}

}  // namespace temper
