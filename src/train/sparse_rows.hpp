// AdamW for a table of which a step touches few rows (the word embedding): the result is that of
// dense AdamW, at the cost of the rows touched.
//
// A row that gets no gradient still moves by its moments. Those moves are made up for when the row
// is next read: before a forward that uses it (`read`), before its next update, and for all rows
// before the weights are evaluated, kept or exported (`settle`).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "kernels/adamw.hpp"
#include "model/packed_batch.hpp"
#include "mpi/group.hpp"
#include "train/param_units.hpp"

namespace temper {

class SparseRows {
 public:
  // `unit` holds one tensor [rows, width] and outlives this.
  SparseRows(ParamUnit& unit, std::int64_t width);

  // Local. The rows of these tokens will be read now and get gradients in this step.
  void read(const PackedBatch& batch);
  // Takes this rank's gradient rows out of the unit's gradient (which is zero afterwards) and sums
  // them over the ranks: the union of the rows touched by any. Collective over: dp.
  void reduce(const Group& dp);
  // Of the reduced rows; the same on every rank. Local.
  SquareSum squares() const;
  // Updates the reduced rows and begins the next step. With `skip` nothing moves. Local.
  void update(const AdamWStep& step);
  void skip();
  // Brings every row up to date. Local.
  void settle();

 private:
  void bring_up_to_date(const std::vector<std::int32_t>& rows);
  void forget_step();

  ParamUnit& unit_;
  std::int64_t rows_, width_;
  double weight_decay_, lr_scale_;
  std::vector<AdamWStep> history_;        // every update so far
  std::vector<std::uint32_t> applied_;    // [rows] updates that the row has seen
  std::vector<std::uint8_t> ever_, now_;  // [rows] touched at all, touched in this step
  std::vector<std::int32_t> touched_;     // by this rank in this step
  std::vector<std::int32_t> union_;       // by any rank, ascending
  at::Tensor gradient_;                   // [union, width]
};

}  // namespace temper
