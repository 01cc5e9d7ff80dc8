// The mesh of ranks: rank <-> coordinates (pp, dp, tp), tp fastest so that it stays inside a node.
//
//   const Mesh mesh{.pp = 2, .dp = 2, .tp = 2};       // 8 ranks
//   mesh.coordinates(5) == Coordinates{1, 0, 1};
#pragma once

#include <vector>

namespace temper {

enum class Axis { pp, dp, tp };

struct Coordinates {
  int pp = 0, dp = 0, tp = 0;
  bool operator==(const Coordinates&) const = default;
  int along(Axis axis) const { return axis == Axis::pp ? pp : axis == Axis::dp ? dp : tp; }
};

struct Mesh {
  int pp = 1, dp = 1, tp = 1;
  int size() const { return pp * dp * tp; }
  int extent(Axis axis) const { return axis == Axis::pp ? pp : axis == Axis::dp ? dp : tp; }
  Coordinates coordinates(int rank) const { return {rank / (tp * dp), rank / tp % dp, rank % tp}; }
  int rank(Coordinates c) const { return (c.pp * dp + c.dp) * tp + c.tp; }
  // The ranks that differ from `rank` along `axis` only, in the order of that axis; `rank` is among
  // them.
  std::vector<int> peers(int rank, Axis axis) const;
  bool operator==(const Mesh&) const = default;
};

}  // namespace temper
