// Which documents this rank computes in which step, and the packed batches of them.
//
//   const BatchSource source(plan, train_split, dp, coordinate);
//   for (const auto& documents : source.micro_batches(step))
//     PackedBatch batch = source.pack(documents, step);
#pragma once

#include <cstdint>
#include <vector>

#include "io/document_source.hpp"
#include "model/packed_batch.hpp"
#include "plan/job_plan.hpp"
#include "train/targets.hpp"

namespace temper {

// `count` of `documents` rows, a keyed sample in file order; all when count is 0 or not fewer.
// `stream` keeps the samples of splits apart.
std::vector<std::int64_t> sample_rows(std::int64_t documents, std::int64_t count,
                                      std::uint64_t seed, std::uint32_t stream);

class BatchSource {
 public:
  // `split` outlives this.
  BatchSource(const JobPlan& plan, const DocumentSource& split, int dp, int coordinate);

  // Documents of each micro-batch of `step` (from 0) on this rank. A micro-batch may be empty.
  std::vector<std::vector<std::int64_t>> micro_batches(std::int64_t step) const;
  // One of them with what it is to predict.
  PackedBatch pack(const std::vector<std::int64_t>& documents, std::int64_t step) const;

 private:
  // The documents of the whole step, in the order of the epoch.
  std::vector<std::int64_t> documents_of(std::int64_t step) const;

  BatchPlan plan_;
  TargetRule targets_;
  const DocumentSource& split_;
  std::uint64_t seed_;
  bool shuffle_;
  int dp_, coordinate_;
  std::vector<std::int64_t> rows_;  // that take part, in file order
};

// The documents end to end, with what they are to predict. `step` keys dropout.
PackedBatch pack_documents(const DocumentSource& split, const std::vector<std::int64_t>& documents,
                           std::int64_t step, const TargetRule& targets);

}  // namespace temper
