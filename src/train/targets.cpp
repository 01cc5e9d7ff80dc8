#include "train/targets.hpp"

#include <algorithm>

#include "core/philox.hpp"
#include "core/problem.hpp"

namespace temper {

namespace {

constexpr std::uint32_t kEvaluationEpoch = ~std::uint32_t{0};
constexpr float kHidden = 0.8f, kReplaced = 0.9f;

TargetKind kind_of(const std::string& stage) {
  if (stage == "sft" || stage == "clm") return TargetKind::causal;
  if (stage == "mlm") return TargetKind::masked;
  if (stage == "token-classification") return TargetKind::token_classes;
  return stage == "regression" ? TargetKind::values : TargetKind::classes;
}

// One document of a batch: its tokens, and where they lie.
struct Document {
  std::int64_t number, begin, end;
};

void add_causal(const std::vector<std::uint8_t>& marks, const Document& d, PackedBatch& batch) {
  for (std::int64_t t = d.begin; t + 1 < d.end; ++t)
    if (marks[std::size_t(t + 1 - d.begin)] & kTrained)
      batch.targets[std::size_t(t)] = batch.ids[std::size_t(t + 1)];
}

void mask(const DocumentSource& split, const TargetRule& rule,
          const std::vector<std::uint8_t>& marks, const Document& d, PackedBatch& batch) {
  const auto draw = [&](std::int64_t position) {
    return philox(philox_key(rule.seed), {std::uint32_t(d.number), std::uint32_t(position),
                                          rule.epoch, purpose_word(Purpose::masking)});
  };
  const auto threshold = float(rule.probability);
  std::int64_t first_piece = 0;
  for (std::int64_t p = 0; p < d.end - d.begin; ++p) {
    const std::uint8_t mark = marks[std::size_t(p)];
    const bool begins =
        !(mark & kContinuesWord) || p == 0 || (marks[std::size_t(p - 1)] & kSpecial);
    if (!rule.whole_words || begins) first_piece = p;
    if ((mark & kSpecial) || !(mark & kTrained)) continue;
    if (uniform_float(draw(first_piece)[0]) >= threshold) continue;
    const auto words = draw(p);
    std::int32_t& id = batch.ids[std::size_t(d.begin + p)];
    batch.targets[std::size_t(d.begin + p)] = id;
    const float kind = uniform_float(words[1]);
    if (kind < kHidden)
      id = split.mask_token();
    else if (kind < kReplaced)
      id = std::int32_t(std::uint64_t(words[2]) * std::uint64_t(split.vocabulary()) >> 32);
  }
}

void add_token_classes(const DocumentSource& split, const Document& d, PackedBatch& batch) {
  std::int32_t* labels = batch.targets.data() + d.begin;
  split.read_token_labels(d.number, labels);
  std::replace_if(
      labels, labels + (d.end - d.begin), [](std::int32_t label) { return label < 0; }, -1);
}

}  // namespace

TargetRule training_targets(const RunSpec& spec, std::int64_t epoch) {
  return {.kind = kind_of(spec.train.stage),
          .seed = std::uint64_t(spec.train.data_seed.value_or(spec.train.seed)),
          .epoch = std::uint32_t(epoch),
          .probability = spec.train.mlm_probability,
          .whole_words = spec.train.mlm_whole_word};
}

TargetRule evaluation_targets(const RunSpec& spec) {
  TargetRule rule = training_targets(spec, kEvaluationEpoch);
  rule.seed = 0;
  return rule;
}

void add_targets(const DocumentSource& split, const TargetRule& rule, PackedBatch& batch) {
  if (rule.kind == TargetKind::masked && split.mask_token() < 0)
    throw BadInput(Problem{"model.task", "the tokenizer has no mask token",
                           "\"masked-lm\" hides words behind one", "Use \"causal-lm\"?"});
  if (rule.kind == TargetKind::values || rule.kind == TargetKind::classes) {
    for (const std::int64_t document : batch.documents)
      if (rule.kind == TargetKind::values)
        batch.values.push_back(split.value(document));
      else
        batch.labels.push_back(split.label(document));
    return;
  }
  batch.targets.assign(batch.ids.size(), -1);
  std::vector<std::uint8_t> marks;
  for (std::size_t n = 0; n < batch.documents.size(); ++n) {
    const Document d{batch.documents[n], batch.offsets[n], batch.offsets[n + 1]};
    if (rule.kind == TargetKind::token_classes) {
      add_token_classes(split, d, batch);
      continue;
    }
    marks.resize(std::size_t(d.end - d.begin));
    split.read_marks(d.number, marks.data());
    if (rule.kind == TargetKind::causal)
      add_causal(marks, d, batch);
    else
      mask(split, rule, marks, d, batch);
  }
}

}  // namespace temper
