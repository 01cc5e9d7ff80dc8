#include "train/targets.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "train/batch_source.hpp"

namespace temper {

namespace {

constexpr std::int32_t kMask = 3;
constexpr std::int64_t kVocabulary = 1000;
constexpr std::uint8_t kStarts = kTrained, kContinues = kTrained | kContinuesWord,
                       kOutside = kSpecial;

struct Written {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> marks;
  std::vector<std::int32_t> labels;
};

class WrittenSplit : public DocumentSource {
 public:
  explicit WrittenSplit(std::vector<Written> documents, std::int32_t mask_token = kMask)
      : documents_(std::move(documents)), mask_token_(mask_token) {}
  std::int64_t documents() const override { return std::int64_t(documents_.size()); }
  std::int64_t length(std::int64_t d) const override { return std::int64_t(at(d).ids.size()); }
  void read_tokens(std::int64_t d, std::int32_t* out, std::uint8_t*) const override {
    std::copy(at(d).ids.begin(), at(d).ids.end(), out);
  }
  void read_marks(std::int64_t d, std::uint8_t* out) const override {
    std::copy(at(d).marks.begin(), at(d).marks.end(), out);
  }
  void read_token_labels(std::int64_t d, std::int32_t* out) const override {
    std::copy(at(d).labels.begin(), at(d).labels.end(), out);
  }
  std::int32_t mask_token() const override { return mask_token_; }
  std::int64_t vocabulary() const override { return kVocabulary; }
  std::int32_t label(std::int64_t) const override { return 0; }
  double value(std::int64_t) const override { return 0; }
  std::string id(std::int64_t d) const override { return std::to_string(d); }

 private:
  const Written& at(std::int64_t d) const { return documents_[std::size_t(d)]; }
  std::vector<Written> documents_;
  std::int32_t mask_token_;
};

// [CLS] and [SEP] around words of three pieces.
WrittenSplit words_of_three(int documents, int words) {
  std::vector<Written> all;
  for (int d = 0; d < documents; ++d) {
    Written& w = all.emplace_back();
    w.ids = {1}, w.marks = {kOutside};
    for (int t = 0; t < 3 * words; ++t) {
      w.ids.push_back(500 + (7 * d + t) % 400);
      w.marks.push_back(t % 3 == 0 ? kStarts : kContinues);
    }
    w.ids.push_back(2), w.marks.push_back(kOutside);
  }
  return WrittenSplit(std::move(all));
}

PackedBatch pack_all(const DocumentSource& split, const TargetRule& rule) {
  std::vector<std::int64_t> documents(std::size_t(split.documents()));
  std::iota(documents.begin(), documents.end(), 0);
  return pack_documents(split, documents, 0, rule);
}

// What each document predicts, by its own positions.
std::map<std::int64_t, std::vector<std::int32_t>> targets_by_document(const PackedBatch& batch) {
  std::map<std::int64_t, std::vector<std::int32_t>> targets;
  for (std::size_t n = 0; n < batch.documents.size(); ++n)
    targets[batch.documents[n]].assign(batch.targets.begin() + batch.offsets[n],
                                       batch.targets.begin() + batch.offsets[n + 1]);
  return targets;
}

}  // namespace

TEST(Targets, a_token_predicts_the_next_trained_one_of_its_own_document) {
  const WrittenSplit split({{{10, 11, 12, 13}, {kTrained, 0, kTrained, kTrained}, {}},
                            {{20, 21}, {kTrained, kTrained}, {}},
                            {{30}, {kTrained}, {}}});
  const PackedBatch batch = pack_all(split, {.kind = TargetKind::causal});
  EXPECT_EQ(batch.targets, (std::vector<std::int32_t>{-1, 12, 13, -1, 21, -1, -1}));
  EXPECT_EQ(batch.ids, (std::vector<std::int32_t>{10, 11, 12, 13, 20, 21, 30}));
  EXPECT_TRUE(batch.labels.empty());
}

TEST(Targets, token_classes_stand_where_they_were_written) {
  const WrittenSplit split({{{1, 40, 41, 2}, {}, {-100, 5, -100, -100}}, {{42}, {}, {0}}});
  EXPECT_EQ(pack_all(split, {.kind = TargetKind::token_classes}).targets,
            (std::vector<std::int32_t>{-1, 5, -1, -1, 0}));
}

TEST(Targets, fifteen_per_cent_are_chosen_and_of_these_eighty_hidden_ten_replaced_ten_kept) {
  const WrittenSplit split = words_of_three(200, 100);
  const PackedBatch plain = pack_all(split, {.kind = TargetKind::causal});
  const PackedBatch batch = pack_all(split, {.kind = TargetKind::masked, .seed = 5});
  double chosen = 0, hidden = 0, kept = 0;
  for (std::size_t t = 0; t < batch.ids.size(); ++t) {
    if (batch.targets[t] < 0) {
      ASSERT_EQ(batch.ids[t], plain.ids[t]);
      continue;
    }
    ASSERT_EQ(batch.targets[t], plain.ids[t]);
    ASSERT_GT(plain.ids[t], 2) << "special tokens are never masked";
    ASSERT_LT(batch.ids[t], kVocabulary);
    ++chosen, hidden += batch.ids[t] == kMask, kept += batch.ids[t] == plain.ids[t];
  }
  // Six standard deviations of binomials over 60,000 tokens.
  EXPECT_NEAR(chosen / 60000, 0.15, 6 * std::sqrt(0.15 * 0.85 / 60000));
  EXPECT_NEAR(hidden / chosen, 0.8, 6 * std::sqrt(0.8 * 0.2 / chosen));
  EXPECT_NEAR(kept / chosen, 0.1, 6 * std::sqrt(0.1 * 0.9 / chosen));
}

TEST(Targets, a_mask_depends_on_seed_epoch_and_document_and_on_no_layout) {
  const WrittenSplit split = words_of_three(40, 20);
  const TargetRule rule{.kind = TargetKind::masked, .seed = 5, .epoch = 2};
  const auto whole = targets_by_document(pack_all(split, rule));
  for (const std::vector<std::int64_t>& part :
       {std::vector<std::int64_t>{7}, {39, 0, 7}, {12, 11, 10, 9}})
    for (const auto& [document, targets] :
         targets_by_document(pack_documents(split, part, 99, rule)))
      EXPECT_EQ(targets, whole.at(document)) << document;
  TargetRule other = rule;
  other.epoch = 3;
  EXPECT_NE(targets_by_document(pack_all(split, other)), whole);
  other = rule, other.seed = 6;
  EXPECT_NE(targets_by_document(pack_all(split, other)), whole);
}

TEST(Targets, whole_words_are_chosen_together) {
  const WrittenSplit split = words_of_three(200, 100);
  const PackedBatch batch =
      pack_all(split, {.kind = TargetKind::masked, .seed = 5, .whole_words = true});
  double words = 0, chosen = 0;
  for (const std::int64_t begin : batch.documents)
    for (std::int64_t t = batch.offsets[std::size_t(begin)] + 1;
         t + 3 < batch.offsets[std::size_t(begin) + 1]; t += 3) {
      const bool first = batch.targets[std::size_t(t)] >= 0;
      ASSERT_EQ(batch.targets[std::size_t(t + 1)] >= 0, first);
      ASSERT_EQ(batch.targets[std::size_t(t + 2)] >= 0, first);
      ++words, chosen += first;
    }
  EXPECT_NEAR(chosen / words, 0.15, 6 * std::sqrt(0.15 * 0.85 / words));
}

TEST(Targets, evaluation_masks_alike_whatever_the_seed) {
  RunSpec spec;
  spec.train.stage = "mlm";
  const WrittenSplit split = words_of_three(10, 20);
  const PackedBatch first = pack_all(split, evaluation_targets(spec));
  spec.train.seed = 7, spec.train.data_seed = 8;
  EXPECT_EQ(pack_all(split, evaluation_targets(spec)).targets, first.targets);
  EXPECT_NE(pack_all(split, training_targets(spec, 0)).targets, first.targets);
}

TEST(Targets, masking_without_a_mask_token_is_refused) {
  const WrittenSplit split({{{5, 6}, {kTrained, kTrained}, {}}}, -1);
  EXPECT_THROW(pack_all(split, {.kind = TargetKind::masked}), BadInput);
}

}  // namespace temper
