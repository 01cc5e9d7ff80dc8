// The classifiers that a fine-tuned model has to beat, trained while the words are at hand.
#pragma once

#include <filesystem>

#include "io/prepare/prepare.hpp"

namespace temper {

// Rows that the word baseline trains on at most: a keyed sample beyond.
inline constexpr std::int64_t kMostBaselineRows = 200000;

// Writes `folder`/{majority,bigram-logistic}-{eval,test}.jsonl, one line a row as in predictions.
// Nothing for a regression, or where weights would exceed 2 GiB. Collective over: world. Throws
// AgreedFailure; rank 0 writes.
void write_baselines(const Group& world, const Prepared& prepared,
                     const std::filesystem::path& folder);
// What the card says of them.
Json describe_baselines(const StoreCard& card);

}  // namespace temper
