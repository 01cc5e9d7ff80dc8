// What the positions of a packed batch are to predict.
//
//   add_targets(split, training_targets(spec, epoch), batch);
//
// causal         position t predicts token t + 1 of its document where that one is trained
// masked         some tokens are hidden or replaced and predicted themselves; never special ones
// token classes  position t predicts its own class
// classes, values: one of each document
#pragma once

#include <cstdint>

#include "io/document_source.hpp"
#include "model/packed_batch.hpp"
#include "plan/run_spec.hpp"

namespace temper {

enum class TargetKind { classes, values, causal, masked, token_classes };

struct TargetRule {
  TargetKind kind = TargetKind::classes;
  // Of `masked` (Devlin et al. 2018): each draw is a function of (seed, epoch, document, position),
  // so that no layout changes a mask and every epoch has its own.
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  double probability = 0.15;  // of being chosen; of these 80 % are hidden, 10 % replaced, 10 % kept
  bool whole_words = false;   // a word's first piece is drawn for all of them
};

TargetRule training_targets(const RunSpec& spec, std::int64_t epoch);
// Masks by a key of their own: the same in every evaluation of every trial.
TargetRule evaluation_targets(const RunSpec& spec);

// Fills labels, values or targets of a batch that holds its documents' tokens, and hides what is
// masked. Throws BadInput where the tokenizer has no mask token.
void add_targets(const DocumentSource& split, const TargetRule& rule, PackedBatch& batch);

}  // namespace temper
