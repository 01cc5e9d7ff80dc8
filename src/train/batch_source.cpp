#include "train/batch_source.hpp"

#include <algorithm>
#include <numeric>

#include "core/contract.hpp"
#include "core/philox.hpp"

namespace temper {

std::vector<std::int64_t> sample_rows(std::int64_t documents, std::int64_t count,
                                      std::uint64_t seed, std::uint32_t stream) {
  std::vector<std::int64_t> rows(std::size_t(count > 0 ? std::min(count, documents) : documents));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  if (std::int64_t(rows.size()) == documents) return rows;
  const KeyedPermutation order(seed, Purpose::subset, stream, std::uint64_t(documents));
  for (std::int64_t& row : rows) row = std::int64_t(order(std::uint64_t(row)));
  std::sort(rows.begin(), rows.end());
  return rows;
}

BatchSource::BatchSource(const JobPlan& plan, const DocumentSource& split, int dp, int coordinate)
    : plan_(plan.batch),
      targets_(training_targets(plan.spec, 0)),
      split_(split),
      seed_(std::uint64_t(plan.spec.train.data_seed.value_or(plan.spec.train.seed))),
      shuffle_(plan.spec.data.shuffle),
      dp_(dp),
      coordinate_(coordinate),
      rows_(sample_rows(split.documents(), plan.spec.data.max_train_samples, seed_, 0)) {
  expects(plan_.documents == std::int64_t(rows_.size()), "planned for ", plan_.documents,
          " documents of ", rows_.size());
}

std::vector<std::int64_t> BatchSource::documents_of(std::int64_t step) const {
  const StepSlice slice = slice_of_step(plan_, step);
  const KeyedPermutation order(seed_, Purpose::data_order, std::uint32_t(slice.epoch),
                               rows_.size());
  std::vector<std::int64_t> documents;
  for (std::int64_t p = slice.positions.begin; p < slice.positions.end; ++p)
    documents.push_back(rows_[shuffle_ ? order(std::uint64_t(p)) : std::uint64_t(p)]);
  return documents;
}

std::vector<std::vector<std::int64_t>> BatchSource::micro_batches(std::int64_t step) const {
  const std::vector<std::int64_t> documents = documents_of(step);
  std::vector<std::int64_t> lengths, mine;
  for (const std::int64_t document : documents) lengths.push_back(split_.length(document));
  const std::vector<int> rank_of = deal_by_length(lengths, dp_);
  for (std::size_t i = 0; i < documents.size(); ++i)
    if (rank_of[i] == coordinate_) mine.push_back(documents[i]);
  std::vector<std::vector<std::int64_t>> batches;
  if (plan_.micro_batch_tokens > 0) {
    lengths.clear();
    for (const std::int64_t document : mine) lengths.push_back(split_.length(document));
    for (const Extent& part : cut_by_tokens(lengths, plan_.micro_batch_tokens))
      batches.emplace_back(mine.begin() + part.begin, mine.begin() + part.end);
    return batches;
  }
  for (std::int64_t m = 0; m < plan_.micro_batches; ++m) {
    const Extent part = even_part(std::int64_t(mine.size()), plan_.micro_batches, m);
    batches.emplace_back(mine.begin() + part.begin, mine.begin() + part.end);
  }
  return batches;
}

PackedBatch BatchSource::pack(const std::vector<std::int64_t>& documents, std::int64_t step) const {
  TargetRule targets = targets_;
  targets.epoch = std::uint32_t(slice_of_step(plan_, step).epoch);
  return pack_documents(split_, documents, step, targets);
}

PackedBatch pack_documents(const DocumentSource& split, const std::vector<std::int64_t>& documents,
                           std::int64_t step, const TargetRule& targets) {
  PackedBatch batch;
  batch.step = std::uint32_t(step);
  batch.documents = documents;
  std::int64_t tokens = 0;
  for (const std::int64_t document : documents)
    batch.offsets.push_back(tokens += split.length(document));
  batch.ids.resize(std::size_t(tokens));
  batch.positions.resize(std::size_t(tokens));
  batch.places.resize(std::size_t(tokens));
  std::vector<std::uint8_t> types(std::size_t(tokens), 0);
  for (std::size_t n = 0; n < documents.size(); ++n) {
    const std::int64_t begin = batch.offsets[n], end = batch.offsets[n + 1];
    split.read_tokens(documents[n], batch.ids.data() + begin, types.data() + begin);
    for (std::int64_t t = begin; t < end; ++t) {
      batch.positions[std::size_t(t)] = std::int32_t(t - begin);
      batch.places[std::size_t(t)] = {std::uint32_t(documents[n]), std::uint32_t(t - begin)};
    }
  }
  if (std::any_of(types.begin(), types.end(), [](std::uint8_t type) { return type != 0; }))
    batch.types.assign(types.begin(), types.end());
  add_targets(split, targets, batch);
  return batch;
}

}  // namespace temper
