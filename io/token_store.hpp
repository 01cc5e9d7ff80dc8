// The token store: one HDF5 file with the tokens of every document of a study's splits, contiguous,
// with offsets, labels, ids and a CRC-32C for each 4 MiB. The bytes are the same for any number of
// ranks that write it. A card (JSON, same name with .json) beside it says what it holds, so that
// the login node can plan without HDF5.
//
//   const TokenStore store("runs/wn24/data/1f2e....h5");
//   const StoreSplit& train = store.split("train");
//   std::vector<std::int32_t> ids(train.length(7));
//   train.read_tokens(7, ids.data(), nullptr);
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "io/document_source.hpp"
#include "plan/store_card.hpp"

namespace temper {

// One split, open for random access. Reading checks the CRC of each block the first time it is
// touched: WorldFailure names file, dataset and block. Thread-safe.
class StoreSplit final : public DocumentSource {
 public:
  struct State;
  explicit StoreSplit(std::unique_ptr<State> state);
  ~StoreSplit() override;
  StoreSplit(StoreSplit&&) noexcept;

  std::int64_t documents() const override;
  std::int64_t length(std::int64_t document) const override;
  void read_tokens(std::int64_t document, std::int32_t* out, std::uint8_t* types) const override;
  void read_marks(std::int64_t document, std::uint8_t* out) const override;
  void read_token_labels(std::int64_t document, std::int32_t* out) const override;
  std::int64_t trained_bytes(std::int64_t document) const override;
  std::int32_t mask_token() const override;
  std::int64_t vocabulary() const override;
  std::int32_t label(std::int64_t document) const override;
  double value(std::int64_t document) const override;
  // Of a later piece of a cut row with its number behind it: "train.txt:7#2".
  std::string id(std::int64_t document) const override;
  // Reads every block and checks every CRC, offset, token and label.
  void verify() const;

 private:
  std::unique_ptr<State> state_;
};

class TokenStore {
 public:
  // Local: opens read-only without MPI. Throws WorldFailure (74) when damaged or not ours.
  explicit TokenStore(const std::filesystem::path& path);
  ~TokenStore();
  TokenStore(TokenStore&&) noexcept;
  const StoreCard& card() const;
  bool has_split(const std::string& name) const;
  const StoreSplit& split(const std::string& name) const;
  void verify() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace temper
